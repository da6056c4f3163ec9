import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, join } from 'node:path'
import { onTestFinished } from 'vitest'

/** What a server sends as an answer. */
export interface Answer {
  status: number
  headers: Record<string, string | number>
  body: Buffer
}

/** How a server deals with a request: it changes the right answer, or gives one of its own. */
export type Fault = (answer: Answer, response: ServerResponse, request: IncomingMessage) => void

export interface FolderServer {
  /** The URL of the image. */
  readonly url: string
  /** What was asked for: the name of the file, and the range. */
  readonly requests: string[]
  /** Bytes of bodies that were sent. */
  bytes: number
  /** The folder that is served from now on. */
  folder: string
  fault: Fault | undefined
}

/** Serves a folder, with ranges unless `ranges` is false, until the test is over. */
export async function serve(folder: string, { ranges = true, fault }: { ranges?: boolean; fault?: Fault } = {}) {
  const server = createServer((request, response) => {
    const file = basename(request.url ?? '')
    served.requests.push(`${file} ${request.headers.range ?? ''}`.trim())
    const answer = answerOf(served.folder, file, ranges ? request.headers.range : undefined)
    served.fault?.(answer, response, request)
    if (response.headersSent || response.destroyed) return
    served.bytes += answer.body.length
    response.writeHead(answer.status, answer.headers).end(answer.body)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}/web.tar.xz`
  const served: FolderServer = { url, requests: [], bytes: 0, folder, fault }
  return served
}

function answerOf(folder: string, file: string, range: string | undefined): Answer {
  let whole: Buffer
  try {
    whole = readFileSync(join(folder, file))
  } catch {
    return { status: 404, headers: { 'content-length': 0 }, body: Buffer.alloc(0) }
  }
  const match = /^bytes=(\d+)-(\d*)$/.exec(range ?? '')
  if (!match) return { status: 200, headers: { 'content-length': whole.length }, body: whole }
  const start = Number(match[1])
  const end = match[2] === '' ? whole.length : Math.min(whole.length, Number(match[2]) + 1)
  if (start >= end) return { status: 416, headers: { 'content-length': 0 }, body: Buffer.alloc(0) }
  const body = whole.subarray(start, end)
  const headers = { 'content-length': body.length, 'content-range': `bytes ${start}-${end - 1}/${whole.length}` }
  return { status: 206, headers, body }
}

/** Faults in a part of the answers, as a seed says. */
export function randomFaults(seed: number, rate: number): Fault {
  let state = seed * 2654435761 + 1
  const random = () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0
    return (state >>> 8) / 2 ** 24
  }
  return (answer, response) => {
    if (random() >= rate) return
    const fault = FAULTS[Math.floor(random() * FAULTS.length)]
    fault(answer, response, random)
  }
}

type RandomFault = (answer: Answer, response: ServerResponse, random: () => number) => void

const FAULTS: readonly RandomFault[] = [
  answer => fail(answer, 500),
  answer => fail(answer, 503),
  answer => fail(answer, 404),
  answer => fail(answer, 403),
  answer => fail(answer, 416),
  // A page of a proxy.
  answer => {
    answer.status = 200
    answer.body = Buffer.from('<html>please log in</html>')
    answer.headers = { 'content-length': answer.body.length }
  },
  // Another byte.
  (answer, _, random) => {
    answer.body = Buffer.from(answer.body)
    if (answer.body.length > 0) answer.body[Math.floor(random() * answer.body.length)] ^= 1
  },
  // Nothing at all.
  (_, response) => void response.destroy(),
  // Broken off.
  (answer, response, random) => {
    response.writeHead(answer.status, answer.headers)
    const part = answer.body.subarray(0, Math.floor(random() * answer.body.length))
    response.write(part, () => response.destroy())
  },
  // Too short, and said to be whole.
  (answer, _, random) => {
    answer.body = answer.body.subarray(0, Math.floor(random() * answer.body.length))
    answer.headers = { ...answer.headers, 'content-length': answer.body.length }
  },
  // Bytes from elsewhere.
  answer => {
    const range = answer.headers['content-range']
    if (typeof range !== 'string') return
    answer.headers = { ...answer.headers, 'content-range': range.replace(/ (\d+)-/, (_, at) => ` ${Number(at) + 1}-`) }
  },
  // Another file.
  answer => {
    const range = answer.headers['content-range']
    if (typeof range !== 'string') return
    answer.headers = { ...answer.headers, 'content-range': range.replace(/\/\d+/, '/12345678') }
  },
  // Several ranges, that nobody asked for.
  answer => {
    if (answer.status !== 206) return
    const boundary = 'boundary'
    const part = `--${boundary}\r\ncontent-type: application/octet-stream\r\ncontent-range: ${answer.headers['content-range']}\r\n\r\n`
    answer.body = Buffer.concat([Buffer.from(part), answer.body, Buffer.from(`\r\n--${boundary}--\r\n`)])
    answer.headers = {
      'content-length': answer.body.length,
      'content-type': `multipart/byteranges; boundary=${boundary}`,
    }
  },
]

function fail(answer: Answer, status: number): void {
  answer.status = status
  answer.body = Buffer.from('no\n')
  answer.headers = { 'content-length': answer.body.length }
}
