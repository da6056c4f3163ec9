import { once } from 'node:events'
import { createServer, type IncomingMessage, request as sendOn } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { connect, createServer as createNetServer, type Socket } from 'node:net'
import { onTestFinished, vi } from 'vitest'
import { start } from './servers.ts'
import type { Certificate } from './tls-server.ts'

/** Has environment variables until the test is over. */
export function setVariables(variables: Record<string, string>): void {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
  onTestFinished(() => void vi.unstubAllEnvs())
}

/** A user and a password that a proxy wants. */
export interface Login {
  readonly user: string
  readonly password: string
}

/**
 * An HTTP proxy that passes requests on and opens tunnels, all to this machine whatever the host is. `asked` has the
 * method and the target of each.
 */
export async function serveProxy({ certificate, login }: { certificate?: Certificate; login?: Login } = {}) {
  const asked: string[] = []
  const server = certificate ? createTlsServer(certificate) : createServer()
  const expected = login && `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}`
  const isRefused = ({ headers }: IncomingMessage) =>
    expected !== undefined && headers['proxy-authorization'] !== expected
  server.on('request', (request: IncomingMessage, response) => {
    asked.push(`${request.method} ${request.url}`)
    if (isRefused(request)) {
      response.writeHead(407).end()
      return
    }
    const url = new URL(request.url!)
    const onward = sendOn({ host: '127.0.0.1', port: url.port, path: url.pathname }, answer => {
      response.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy()).end()
  })
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    asked.push(`CONNECT ${request.url}`)
    if (isRefused(request)) socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n')
    else join(socket, Number(/\d+$/.exec(request.url!)), 'HTTP/1.1 200 Connection established\r\n\r\n')
  })
  return { ...(await start(server, 0)), asked }
}

/** What a SOCKS proxy was asked to connect to, and by whom. */
export interface SocksRequest {
  readonly version: number
  readonly type: 'name' | 'ipv4' | 'ipv6'
  readonly host: string
  readonly user?: string
}

/** A SOCKS proxy (RFC 1928 and 1929; SOCKS 4 and 4a), which connects to this machine whatever the host is. */
export async function serveSocks({ login, reply = 0 }: { login?: Login; reply?: number } = {}) {
  const asked: SocksRequest[] = []
  const logins: Login[] = []
  const serve = async (socket: Socket) => {
    const take = async (count: number): Promise<Buffer> => {
      for (;;) {
        const bytes = count === 0 ? Buffer.alloc(0) : socket.read(count)
        if (bytes) return bytes
        await once(socket, 'readable')
      }
    }
    const takeText = async () => {
      let text = ''
      for (let byte = await take(1); byte[0] !== 0; byte = await take(1)) text += byte.toString('latin1')
      return text
    }
    const [version, count] = await take(2)
    if (version === 4) {
      const port = (await take(2)).readUInt16BE()
      const address = [...(await take(4))].join('.')
      const user = await takeText()
      const named = address.startsWith('0.0.0.')
      asked.push({ version, type: named ? 'name' : 'ipv4', host: named ? await takeText() : address, user })
      return join(socket, port, Buffer.of(0, reply === 0 ? 90 : 91, 0, 0, 0, 0, 0, 0))
    }
    const methods = await take(count)
    const method = login ? 2 : 0
    if (!methods.includes(method)) return socket.end(Buffer.of(5, 255))
    socket.write(Buffer.of(5, method))
    if (login) {
      const user = String(await take((await take(2))[1]))
      const password = String(await take((await take(1))[0]))
      logins.push({ user, password })
      const isRight = user === login.user && password === login.password
      socket.write(Buffer.of(1, isRight ? 0 : 1))
      if (!isRight) return socket.end()
    }
    const [, , , kind] = await take(4)
    const type = kind === 1 ? 'ipv4' : kind === 4 ? 'ipv6' : 'name'
    const raw = await take(kind === 1 ? 4 : kind === 4 ? 16 : (await take(1))[0])
    const host = type === 'name' ? String(raw) : type === 'ipv4' ? [...raw].join('.') : raw.toString('hex')
    const port = (await take(2)).readUInt16BE()
    asked.push({ version, type, host })
    if (reply !== 0) return socket.end(Buffer.of(5, reply, 0, 1, 0, 0, 0, 0, 0, 0))
    return join(socket, port, Buffer.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0))
  }
  const server = createNetServer()
  const started = await start(server, 0)
  server.on('connection', socket => void serve(socket))
  return { ...started, asked, logins }
}

/** Connects a socket with a port of this machine, and says `opened` first. */
export function join(socket: Socket, port: number, opened: string | Buffer): void {
  const target = connect(port, '127.0.0.1', () => {
    socket.write(opened)
    socket.pipe(target).pipe(socket)
  })
  for (const [one, other] of [
    [socket, target],
    [target, socket],
  ] as const) {
    one.on('error', () => {}).on('close', () => other.destroy())
  }
}
