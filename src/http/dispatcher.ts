import type { SecureContext } from 'node:tls'
import { Agent, type buildConnector, DecoratorHandler, type Dispatcher, Pool, ProxyAgent } from 'undici'
import { basicAuthorization } from './authorization.ts'
import { openTrust } from './certificates.ts'
import { blameProxy, ProxyError } from './proxy-error.ts'
import { type ProxyServer, readProxies } from './proxy-settings.ts'
import { createSocksConnector } from './socks.ts'

/** Connections to one server, as many as Nix opens (nix: src/libstore/filetransfer.hh, http-connections). */
const CONNECTIONS = 25

/** Milliseconds for a connection to come about: three lost packets, which are sent again after 1, 2 and 4 s. */
const CONNECT_TIMEOUT = 10_000

/** Connections that are kept, and go through the proxies that the environment names. */
export interface Connections {
  /** Throws `HttpError` HTTP_CERTIFICATES_INVALID. */
  readonly dispatcher: Pick<Dispatcher, 'dispatch'>
  /** Closes all at once, also those that are being made. */
  destroy(): Promise<void>
}

/** How connections are made. */
interface Making {
  /** For connections without TLS. */
  readonly socket: { readonly signal: AbortSignal }
  /** For those with it. */
  readonly tls: buildConnector.BuildOptions
  readonly connectTimeout: number
  readonly stallTimeout: number
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
  const socket = { signal: closing.signal }
  const proxyFor = readProxies(process.env)
  const agents = new Map<string, Dispatcher>()
  // Reading certificates takes some 20 ms, and a broken file of them is no matter where no TLS is spoken.
  let trust: SecureContext | undefined
  const agentFor = (protocol: string, proxy: ProxyServer | undefined): Dispatcher => {
    const key = `${protocol} ${proxy?.url}`
    let agent = agents.get(key)
    if (agent) return agent
    const encrypted = protocol === 'https:' || proxy?.scheme === 'https'
    if (encrypted) trust ??= openTrust(process.env)
    const tls = { ...socket, secureContext: trust }
    const making = { socket, tls, stallTimeout, connectTimeout: Math.min(CONNECT_TIMEOUT, stallTimeout) }
    agent = proxy ? openProxied(proxy, making) : openDirect(making)
    agents.set(key, agent)
    return agent
  }
  return {
    dispatcher: {
      dispatch(options, handler) {
        const url = new URL(options.origin!)
        const proxy = proxyFor(url)
        return agentFor(url.protocol, proxy).dispatch(options, proxy ? new ProxiedHandler(proxy, handler) : handler)
      },
    },
    async destroy() {
      const destroyed = [...agents.values()].map(agent => agent.destroy())
      closing.abort()
      await Promise.all(destroyed)
    },
  }
}

function openDirect({ tls, connectTimeout }: Making): Dispatcher {
  return new Agent({ connections: CONNECTIONS, allowH2: false, connectTimeout, connect: tls })
}

function openProxied(proxy: ProxyServer, { socket, tls, connectTimeout, stallTimeout }: Making): Dispatcher {
  if (proxy.scheme.startsWith('socks')) {
    const options = { socket: { ...socket, timeout: connectTimeout }, tls, timeout: connectTimeout }
    return new Agent({ connections: CONNECTIONS, allowH2: false, connect: createSocksConnector(proxy, options) })
  }
  const { user, password } = proxy
  return new ProxyAgent({
    uri: proxy.url,
    ...((user !== '' || password !== '') && { token: basicAuthorization(user, password) }),
    connections: CONNECTIONS,
    allowH2: false,
    connectTimeout,
    proxyTls: tls,
    requestTls: tls,
    // To the proxy, for tunnels. The clock of an exchange does not run yet while it opens the way to the server.
    clientFactory: (origin, options) =>
      new Pool(origin, { ...options, connect: toProxy(proxy, options), headersTimeout: stallTimeout }),
    // To a server, through a tunnel; or to the proxy, for requests that it passes on.
    factory: (origin, options) =>
      new Pool(origin, {
        ...options,
        connections: CONNECTIONS,
        ...(isSameOrigin(origin, proxy) && { connect: toProxy(proxy, options) }),
      }),
  })
}

function isSameOrigin(origin: string | URL, proxy: ProxyServer): boolean {
  return new URL(origin).origin === new URL(proxy.url).origin
}

/** Undici's way to a proxy, with errors that name the proxy. */
function toProxy(proxy: ProxyServer, options: object): buildConnector.connector {
  const { connect } = options as { readonly connect: buildConnector.connector }
  return (target, callback) =>
    connect(target, (error, socket) =>
      error ? callback(new ProxyError(proxy, error), null) : callback(null, socket as never),
    )
}

/** Passes on what becomes of a request, with errors that name the proxy if it is to blame. */
class ProxiedHandler extends DecoratorHandler {
  readonly #proxy: ProxyServer
  readonly #handler: Dispatcher.DispatchHandler

  constructor(proxy: ProxyServer, handler: Dispatcher.DispatchHandler) {
    super(handler)
    this.#proxy = proxy
    this.#handler = handler
  }

  onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    this.#handler.onResponseError?.(controller, blameProxy(this.#proxy, error))
  }
}
