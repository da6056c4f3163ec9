import { EnvHttpProxyAgent, Pool } from 'undici'
import { HttpError } from './errors.ts'

/** Connections to one server, as many as Nix opens (nix: src/libstore/filetransfer.hh, http-connections). */
export const CONNECTIONS = 25

/** Milliseconds for a connection to come about: three lost packets, which are sent again after 1, 2 and 4 s. */
const CONNECT_TIMEOUT = 10_000

/** Connections that are kept, and go by the proxies that HTTPS_PROXY (else HTTP_PROXY), HTTP_PROXY and NO_PROXY name. */
export interface Connections {
  readonly dispatcher: EnvHttpProxyAgent
  /** Closes all at once, also those that are being made. */
  destroy(): Promise<void>
}

/**
 * HTTP/1.1 only: with several large bodies at a time over one HTTP/2 connection, undici 8.12 was seen to end the process
 * by an error event on a stream that nobody can listen to; and one connection for all makes one lost packet hold up all.
 *
 * Throws `HttpError` HTTP_PROXY_INVALID.
 */
export function openConnections(stallTimeout: number): Connections {
  // undici's own `destroy` waits for connections that are being made.
  const closing = new AbortController()
  const sockets: object = { signal: closing.signal }
  const dispatcher = new EnvHttpProxyAgent({
    ...proxiesOf(process.env),
    connections: CONNECTIONS,
    allowH2: false,
    connectTimeout: Math.min(CONNECT_TIMEOUT, stallTimeout),
    connect: sockets,
    proxyTls: sockets,
    // The clock of an exchange does not run yet while a proxy opens the way to the server.
    clientFactory: (origin, options) => new Pool(origin, { ...options, headersTimeout: stallTimeout }),
  })
  return {
    dispatcher,
    async destroy() {
      const destroyed = dispatcher.destroy()
      closing.abort()
      await destroyed
    },
  }
}

/** The proxies by undici's names. Those without a scheme are HTTP proxies, as for curl; undici takes URLs only. */
function proxiesOf(variables: NodeJS.ProcessEnv): { httpProxy?: string; httpsProxy?: string } {
  const proxyOf = (name: string) => {
    // The same order as undici's.
    const value = variables[name.toLowerCase()] ?? variables[name]
    if (!value) return undefined
    const url = URL.parse(value.includes('://') ? value : `http://${value}`)
    if (url && /^(https?|socks5?):$/.test(url.protocol)) return url.href
    throw new HttpError('HTTP_PROXY_INVALID', `${name}: not the URL of a proxy; write http://host:port`)
  }
  return { httpProxy: proxyOf('HTTP_PROXY'), httpsProxy: proxyOf('HTTPS_PROXY') }
}
