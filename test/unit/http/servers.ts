import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createNetServer, type Server, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { createTimedClient, type HttpClientOptions } from '../../../src/http/client.ts'
import type { HttpClient } from '../../../src/http/index.ts'
import type { Time } from '../../../src/http/turns.ts'

// Proxies and certificates are for the tests that name them.
for (const name of Object.keys(process.env)) {
  if (/^(https?_proxy|all_proxy|no_proxy|(nix_)?ssl_cert_file)$/i.test(name)) delete process.env[name]
}

/** A server on the loopback device that stops when the test is over. */
export interface TestServer {
  readonly port: number
  /** The URL of `path` there. */
  at(path: string): URL
  /** All requests, in the order of their arrival; empty for servers of bare connections. */
  readonly requests: readonly IncomingMessage[]
  /** All connections that ever were. */
  readonly sockets: readonly Socket[]
  stop(): Promise<void>
}

/** Serves HTTP. `port` is any free one if it is not given. */
export async function serve(listener: RequestListener, port = 0): Promise<TestServer> {
  const requests: IncomingMessage[] = []
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    requests.push(request)
    listener(request, response)
  })
  return { ...(await start(server, port)), requests }
}

/** Serves bare connections, for what no HTTP server would do. */
export async function serveSockets(listener: (socket: Socket) => void): Promise<TestServer> {
  const server = createNetServer()
  const started = await start(server, 0)
  // One that nobody reads from would not notice its end.
  server.on('connection', socket => listener(socket.resume()))
  return { ...started, requests: [] }
}

/** Has a server of any kind listen. */
export async function start(server: Server, port: number, scheme = 'http'): Promise<Omit<TestServer, 'requests'>> {
  const sockets: Socket[] = []
  server.on('connection', socket => {
    sockets.push(socket)
    socket.on('error', () => {})
  })
  await once(server.listen(port, '127.0.0.1'), 'listening')
  const listening = (server.address() as AddressInfo).port
  const stop = async () => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }
  onTestFinished(stop)
  return { port: listening, at: path => new URL(path, `${scheme}://127.0.0.1:${listening}`), sockets, stop }
}

/** Some bytes that occur nowhere else. */
export const FILE = randomBytes(1_000_000)

/** How a file is served. */
export interface FileOptions {
  readonly file?: Buffer
  readonly headers?: Record<string, string>
  /** Ignores Range requests. */
  readonly whole?: boolean
  /** The connection breaks before this byte of the file. */
  readonly until?: number
}

/** Answers with a file, as a static server does. */
export function sendFile(request: IncomingMessage, response: ServerResponse, options: FileOptions = {}): void {
  const { file = FILE, headers = {}, whole = false, until } = options
  const same = [undefined, headers.etag, headers['last-modified']].includes(request.headers['if-range'] as string)
  const asked = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
  const isPart = asked !== null && same && !whole
  const first = isPart ? Number(asked[1]) : 0
  const end = isPart && asked[2] !== '' ? Math.min(Number(asked[2]) + 1, file.length) : file.length
  const range = { 'content-range': `bytes ${first}-${end - 1}/${file.length}` }
  const length = { 'content-length': end - first }
  response.writeHead(isPart ? 206 : 200, { ...length, ...(isPart && range), ...headers })
  if (until === undefined || until >= end) response.end(file.subarray(first, end))
  else response.write(file.subarray(first, Math.max(first, until)), () => response.destroy())
}

/**
 * A client that does not wait between attempts, but notes in `pauses` for how many milliseconds it should. Its clock goes
 * on by these, and by the time that passes.
 */
export function openClient(options: HttpClientOptions = {}, sleep: Time['sleep'] = async () => {}) {
  const pauses: number[] = []
  let skipped = 0
  const client = createTimedClient(options, {
    now: () => performance.now() + skipped,
    async sleep(milliseconds, signal) {
      pauses.push(milliseconds)
      await sleep(milliseconds, signal)
      // Who looks again and again for what others do must let them do it.
      await new Promise(setImmediate)
      skipped += milliseconds
    },
  })
  onTestFinished(() => client.close())
  return { client, pauses }
}

/** More than any test has. */
export const LIMIT = 100_000_000

/** All bytes of a file. */
export async function download(client: HttpClient, url: URL, limit = LIMIT): Promise<Buffer | undefined> {
  const file = await client.openFile(url, { limit })
  return file && Buffer.concat(await collect(file))
}

/** All pieces of a file. */
export async function collect(file: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = []
  for await (const chunk of file) chunks.push(chunk)
  return chunks
}

/** A small document as text. */
export async function fetchText(client: HttpClient, url: URL, limit = LIMIT): Promise<string | undefined> {
  const bytes = await client.fetchDocument(url, { limit })
  return bytes && Buffer.from(bytes).toString()
}
