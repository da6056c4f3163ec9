import type { LookupFunction, Socket } from 'node:net'
import { buildConnector } from 'undici'
import { hostOf } from './addresses.ts'
import { ProxyError, type Refusal } from './proxy-error.ts'
import type { ProxyServer } from './proxy-settings.ts'

/** How connections through a SOCKS proxy are made. */
export interface SocksOptions {
  /** Options for the connection to the proxy. */
  readonly socket: buildConnector.BuildOptions
  /** Options for TLS with the server. */
  readonly tls: buildConnector.BuildOptions
  /** Looks up the names of servers that the proxy cannot or should not look up. */
  readonly lookUp: LookupFunction
  /** Milliseconds for the proxy to open the way. */
  readonly timeout: number
}

/**
 * Connects through a SOCKS proxy. undici's own agent for that is experimental: it has the proxy look up every name, asks for
 * IPv6 addresses by name, opens any number of connections, and leaves them open when it is destroyed while they are made.
 */
export function createSocksConnector(proxy: ProxyServer, options: SocksOptions): buildConnector.connector {
  const reach = buildConnector(options.socket)
  const encrypt = buildConnector({ ...options.tls, allowH2: false })
  const open = async ({ hostname, port, protocol }: buildConnector.Options) => {
    const host = await destinationOf(proxy, hostOf({ hostname }), options.lookUp)
    const socket = await new Promise<Socket>((resolve, reject) => {
      const target = { protocol: 'http:', hostname: proxy.host, port: String(proxy.port) }
      reach(target, (error, socket) => (error ? reject(new ProxyError(proxy, error)) : resolve(socket)))
    })
    const destination = { host, port: Number(port) || (protocol === 'https:' ? 443 : 80) }
    return shakeHands(proxy, socket, destination, options.timeout)
  }
  return (target, callback) => {
    open(target).then(
      socket => {
        if (target.protocol === 'https:') encrypt({ ...target, httpSocket: socket }, callback)
        else callback(null, socket)
      },
      (error: Error) => callback(error, null),
    )
  }
}

/** The target for the proxy: the address of a name, where the proxy cannot or should not look it up. */
async function destinationOf({ scheme }: ProxyServer, host: string, lookUp: LookupFunction): Promise<string> {
  if (scheme === 'socks4a' || scheme === 'socks5h') return host
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  lookUp(host, { family: scheme === 'socks4' ? 4 : 0 }, (error, address) =>
    error ? reject(error) : resolve(String(address)),
  )
  return promise
}

async function shakeHands(
  proxy: ProxyServer,
  socket: Socket,
  destination: { readonly host: string; readonly port: number },
  timeout: number,
): Promise<Socket> {
  const { host, port, user, password } = proxy
  const type = proxy.scheme.startsWith('socks4') ? 4 : 5
  const server = { host, port, type, ...(user && { userId: user }), ...(password && { password }) } as const
  // Loaded where it is used: it takes as long as all that is loaded besides for HTTP.
  const { SocksClient } = await import('socks')
  try {
    await SocksClient.createConnection({
      proxy: server,
      command: 'connect',
      destination,
      existing_socket: socket,
      timeout,
    })
    return socket
  } catch (error) {
    socket.destroy()
    // Not as the cause: that error holds the password.
    throw new ProxyError(proxy, refusalOf((error as Error).message))
  }
}

/** The answer of the proxy, which only the message of the library's error tells. */
function refusalOf(message: string): Refusal {
  if (/Authentication failed|no accepted authentication type/.test(message)) {
    return { reason: 'it refuses user and password, or wants some', credentials: true, lasting: true }
  }
  const reply = / rejected connection - \(?(\w+)\)?$/.exec(message)
  if (!reply) return { reason: `the way to the server was not opened (${message})` }
  const lasting = ['NotAllowed', 'CommandNotSupported', 'AddressNotSupported'].includes(reply[1])
  return { reason: `it cannot or may not connect to the server (${reply[1]})`, lasting }
}
