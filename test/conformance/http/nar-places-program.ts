/** Asks a cache whose narinfo names a file at another address, as a thread of its own would, and prints what came of it. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { readNarInfo } from '../../../src/binary-cache/index.ts'
import { createAccess, openNarFile } from '../../../src/nar-file/index.ts'
import { formatNarInfo, parseNarHash, parseStorePath } from '../../../src/nix/index.ts'
import { ADDRESSES } from './addresses.ts'

const path = parseStorePath(`/nix/store/${'0'.repeat(32)}-hello`)
let target = ''
for (const address of ADDRESSES) {
  const server = createServer((request, response) => {
    if (!request.url?.endsWith('.narinfo')) {
      response.end(`from ${address}`)
      return
    }
    const narHash = parseNarHash(`sha256:${'0'.repeat(64)}`)
    const url = `http://${target}:8080/nar/hello.nar`
    response.end(formatNarInfo({ path, url, compression: 'none', narHash, narSize: 1000, references: [] }))
  })
  await once(server.listen(8080, address), 'listening')
}

const outcomes: Record<string, string> = {}
for (const [cache, place] of JSON.parse(process.argv[2]) as [string, string][]) {
  target = place
  const [asked, read] = [createAccess({}), createAccess({})]
  try {
    const { info } = (await readNarInfo(asked, `http://${cache}:8080/`, path, true))!
    const chunks: Uint8Array[] = []
    for await (const chunk of (await openNarFile(read, info, { path, narSize: 1000 }))!) chunks.push(chunk)
    outcomes[`${cache} ${place}`] = Buffer.concat(chunks).toString()
  } catch (error) {
    const { code, message } = error as { code: string; message: string }
    outcomes[`${cache} ${place}`] = `${code}: ${message}`
  }
  await Promise.all([asked.close(), read.close()])
}
process.stdout.write(JSON.stringify(outcomes))
process.exit(0)
