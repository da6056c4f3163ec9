import { unescape as decodePercent } from 'node:querystring'
import { HttpError } from '../http-error.ts'
import { hostOf } from './addresses.ts'
import { parseNoProxy } from './no-proxy.ts'

/** How a proxy is spoken to. With `socks4a` and `socks5h` it looks up host names itself. */
export type ProxyScheme = 'http' | 'https' | 'socks4' | 'socks4a' | 'socks5' | 'socks5h'

/** A proxy as an environment variable names it. */
export interface ProxyServer {
  /** The variable. */
  readonly name: string
  readonly scheme: ProxyScheme
  /** Without the brackets of an IPv6 address. */
  readonly host: string
  readonly port: number
  /** Without user and password. */
  readonly url: string
  /** Empty if there is none. */
  readonly user: string
  readonly password: string
}

/** Schemes and their default ports, as curl has them (version 8.23; older ones have 1080 for http, too). */
const SCHEMES: Readonly<Record<string, readonly [ProxyScheme, port: number]>> = {
  http: ['http', 80],
  https: ['https', 443],
  socks: ['socks4', 1080],
  socks4: ['socks4', 1080],
  socks4a: ['socks4a', 1080],
  socks5: ['socks5', 1080],
  socks5h: ['socks5h', 1080],
}

/** The length of a user or a password is one byte of a SOCKS message (RFC 1929). */
const SOCKS_MAX = 255

/**
 * Which proxy a URL is asked through, if any, by the variables that curl reads, and Nix with it: http_proxy, https_proxy,
 * all_proxy and no_proxy. An empty one counts as unset; lower case goes before upper case. Throws `HttpError` HTTP_PROXY_INVALID.
 *
 * curl reads http_proxy in lower case only: to a CGI program, HTTP_PROXY is the header `Proxy` of a request, which anybody
 * may send. Most other programs read it, so it is read here where this is no CGI program.
 */
export function readProxies(variables: NodeJS.ProcessEnv): (url: URL) => ProxyServer | undefined {
  const first = (...names: string[]) => names.find(name => variables[name])
  const proxyOf = (...names: string[]) => {
    const name = first(...names, 'all_proxy', 'ALL_PROXY')
    return name === undefined ? undefined : parseProxy(name, variables[name]!)
  }
  const http = variables.REQUEST_METHOD === undefined ? proxyOf('http_proxy', 'HTTP_PROXY') : proxyOf('http_proxy')
  const https = proxyOf('https_proxy', 'HTTPS_PROXY')
  const exceptions = first('no_proxy', 'NO_PROXY')
  const isDirect = parseNoProxy(exceptions === undefined ? '' : variables[exceptions]!)
  return url => (isDirect(url) ? undefined : url.protocol === 'https:' ? https : http)
}

function parseProxy(name: string, value: string): ProxyServer {
  const [, given = 'http', rest] = /^(?:([^:/?#@]*):\/\/)?(.*)$/s.exec(value.trim())!
  const known = Object.hasOwn(SCHEMES, given.toLowerCase()) && SCHEMES[given.toLowerCase()]
  // Nothing of the value is shown: it may hold a password.
  const invalid = (problem: string) => {
    const advice = `write scheme://host:port, where the scheme is one of ${Object.keys(SCHEMES).join(', ')}`
    return new HttpError('HTTP_PROXY_INVALID', `${name}: not the URL of a proxy: ${problem}; ${advice}`)
  }
  if (!known) throw invalid('its scheme is not supported')
  const [scheme, defaultPort] = known
  // As http, so that every scheme has the same rules for hosts; a port of 80 is left out then.
  const url = URL.parse(`http://${rest}`)
  if (!url) throw invalid('it has no valid host and port')
  if (/@/.test(url.pathname + url.search + url.hash)) {
    throw invalid('its password has a character that must be percent-encoded, such as %2F for /')
  }
  const port = Number(/:(\d+)$/.exec(rest.split(/[/?#]/, 1)[0])?.[1] ?? defaultPort)
  if (port === 0) throw invalid('its port is 0')
  const [user, password] = [decodePercent(url.username), decodePercent(url.password)]
  if (scheme.startsWith('socks') && [user, password].some(text => Buffer.byteLength(text) > SOCKS_MAX)) {
    throw invalid(`its user or password has more than ${SOCKS_MAX} bytes`)
  }
  const host = hostOf(url)
  return { name, scheme, host, port, url: `${scheme}://${url.hostname}:${port}`, user, password }
}
