import { lookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import type { SecureContext } from 'node:tls'
import { Agent, buildConnector, DecoratorHandler, type Dispatcher, Pool, ProxyAgent } from 'undici'
import { CONNECTIONS } from '../throttle/index.ts'
import { isPublicAddress, isPublicHost, lookUpElsewhere, refuseOwnAddress } from './addresses.ts'
import { basicAuthorization } from './authorization.ts'
import { openTrust } from './certificates.ts'
import { blameProxy, ProxyError } from './proxy-error.ts'
import { type ProxyServer, readProxies } from './proxy-settings.ts'
import { createSocksConnector } from './socks.ts'

/** Milliseconds for a connection to come about: three lost packets, which are sent again after 1, 2 and 4 s. */
const CONNECT_TIMEOUT = 10_000

/** Connections that are kept, and go through the proxies that the environment names. */
export interface Connections {
  /** Throws `HttpError` HTTP_CERTIFICATES_INVALID. */
  readonly dispatcher: Pick<Dispatcher, 'dispatch'>
  /**
   * The same, by connections of its own to no address of this machine or its link: those fail with `OwnAddressError`. A host
   * name that a proxy looks up is not checked, as only the proxy knows its address.
   */
  readonly elsewhere: Pick<Dispatcher, 'dispatch'>
  /** Whether any connection to a server was to an address of the internet, or to a name through a proxy. */
  isPublic(url: URL): boolean
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
  /** Looks up the names of servers. */
  readonly lookUp: LookupFunction
  /** Called for each connection without a proxy. */
  readonly onConnect: (origin: string, address: string) => void
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
  const atPublic = new Set<string>()
  const onConnect = (origin: string, address: string) => {
    if (isPublicAddress(address)) atPublic.add(origin)
  }
  const agentFor = (protocol: string, proxy: ProxyServer | undefined, isElsewhere: boolean): Dispatcher => {
    const key = `${protocol} ${proxy?.url} ${isElsewhere}`
    let agent = agents.get(key)
    if (agent) return agent
    const encrypted = protocol === 'https:' || proxy?.scheme === 'https'
    if (encrypted) trust ??= openTrust(process.env)
    const tls = { ...socket, secureContext: trust }
    const lookUp = isElsewhere ? lookUpElsewhere : lookup
    const making = {
      socket,
      tls,
      lookUp,
      onConnect,
      stallTimeout,
      connectTimeout: Math.min(CONNECT_TIMEOUT, stallTimeout),
    }
    agent = proxy ? openProxied(proxy, making) : openDirect(making)
    agents.set(key, agent)
    return agent
  }
  const dispatcher = (isElsewhere: boolean): Connections['dispatcher'] => ({
    dispatch(options, handler) {
      const url = new URL(options.origin!)
      if (isElsewhere) refuseOwnAddress(url)
      const proxy = proxyFor(url)
      const agent = agentFor(url.protocol, proxy, isElsewhere)
      return agent.dispatch(options, proxy ? new ProxiedHandler(proxy, handler) : handler)
    },
  })
  return {
    dispatcher: dispatcher(false),
    elsewhere: dispatcher(true),
    isPublic: url => (proxyFor(url) ? isPublicHost(url) : atPublic.has(url.origin)),
    async destroy() {
      const destroyed = [...agents.values()].map(agent => agent.destroy())
      closing.abort()
      await Promise.all(destroyed)
    },
  }
}

function openDirect({ tls, lookUp, connectTimeout, onConnect }: Making): Dispatcher {
  const reach = buildConnector({ ...tls, lookup: lookUp, allowH2: false, timeout: connectTimeout })
  const connect: buildConnector.connector = (target, callback) =>
    reach(target, (...[error, socket]) => {
      if (error) return callback(error, null)
      // The name may lead elsewhere the next time that it is looked up.
      onConnect(new URL(`${target.protocol}//${target.host}`).origin, socket.remoteAddress ?? '')
      callback(null, socket)
    })
  return new Agent({ connections: CONNECTIONS, allowH2: false, connect })
}

function openProxied(proxy: ProxyServer, { socket, tls, lookUp, connectTimeout, stallTimeout }: Making): Dispatcher {
  if (proxy.scheme.startsWith('socks')) {
    const options = { socket: { ...socket, timeout: connectTimeout }, tls, lookUp, timeout: connectTimeout }
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
  return (target, callback) => {
    // Undici (8.13) names a proxy to itself by its address, too, which Node 26 refuses. It finds a name by itself.
    const host = target.servername?.replace(/^\[|\]$/g, '') ?? ''
    const servername = isIP(host) === 0 ? target.servername : undefined
    connect({ ...target, servername }, (error, socket) =>
      error ? callback(new ProxyError(proxy, error), null) : callback(null, socket as never),
    )
  }
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
