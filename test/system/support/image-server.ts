import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

/** A folder that is being served over HTTP, until it is disposed of. */
export interface ImageServer extends Disposable {
  readonly url: string
  /** The files that were asked for and are there. */
  readonly requested: readonly string[]
}

const SLICE = 4096

/**
 * Serves a folder, with a byte flipped on the way if `fault` says so.
 *
 * systemd-pull 252 waits forever now and then (one time in six on a busy machine) if the image has come before it is
 * told that there is no `.sha256` and goes on to SHA256SUMS: nothing wakes it up. So an image comes in small slices
 * until then, as it does from any server that is far away.
 */
export async function serveImages(folder: string, fault?: { file: string; at: number }): Promise<ImageServer> {
  const requested: string[] = []
  const server = createServer((request, response) => {
    const file = basename(request.url ?? '')
    if (!readdirSync(folder).includes(file)) {
      response.writeHead(404).end()
      return
    }
    requested.push(file)
    const body = readFileSync(join(folder, file))
    if (fault?.file === file) body[fault.at]! ^= 1
    response.writeHead(200, { 'content-length': body.length })
    if (file.includes('.tar')) void sendSlowly(body, response, () => requested.includes('SHA256SUMS'))
    else response.end(body)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, requested, [Symbol.dispose]: () => void server.close() }
}

async function sendSlowly(body: Buffer, response: ServerResponse, enough: () => boolean): Promise<void> {
  let at = 0
  do {
    await wait(20)
    response.write(body.subarray(at, at + SLICE))
    at += SLICE
  } while (!enough() && at < body.length && !response.destroyed)
  await wait(20)
  response.end(body.subarray(at))
}
