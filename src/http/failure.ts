import { STATUS_CODES } from 'node:http'
import { errors } from 'undici'
import { descriptorShortage } from '../descriptors.ts'
import type { HttpErrorCode } from '../http-error.ts'
import { NspawnRootfsError } from '../nspawn-rootfs-error.ts'
import { OwnAddressError } from './addresses.ts'
import { CERTIFICATE_VARIABLES } from './certificates.ts'
import { type Headers, type Response, StallError } from './exchange.ts'
import { SlowError } from './pace.ts'
import { ProxyError } from './proxy-error.ts'

/** Why one attempt failed, and whether another one may do better. */
export interface Failure {
  readonly code: HttpErrorCode
  /** The fault and the advice, in words. */
  readonly reason: string
  readonly advice: string
  readonly transient: boolean
  /** Whether the server has too much to do, or nobody is there to answer: a server that is asked less may recover. */
  readonly refused?: boolean
  readonly status?: number
  /** Milliseconds that the server asks to be left alone. */
  readonly retryAfter?: number
  readonly cause?: unknown
}

/** The server answers, but not with the file. */
export class StatusError extends Error {
  override readonly name = 'StatusError'
  readonly status: number
  readonly headers: Headers
  readonly host: string

  constructor({ status, headers }: Response, host: string) {
    super(`status ${status}`)
    this.status = status
    this.headers = headers
    this.host = host
  }
}

/** The body of a response ends before it is complete. */
export class TruncatedError extends Error {
  override readonly name = 'TruncatedError'
}

/** `undefined` for an error that does not come from the network. */
export function failureOf(error: unknown): Failure | undefined {
  if (error instanceof NspawnRootfsError) return undefined
  if (error instanceof StatusError) return failureOfStatus(error)
  if (error instanceof StallError) {
    const reason = `nothing was received for ${error.waited / 1000} s`
    return { code: 'HTTP_TIMEOUT', reason, advice: NETWORK, transient: true }
  }
  if (error instanceof OwnAddressError) {
    const reason = `a public server may not lead to ${error.address}, an address of this machine or its link`
    return { code: 'HTTP_REDIRECT', reason, advice: 'ask whoever runs that server to correct it', transient: false }
  }
  if (error instanceof SlowError) {
    const reason = `only ${error.bytes} bytes were received in ${Math.round(error.waited / 100) / 10} s`
    return { code: 'HTTP_TIMEOUT', reason, advice: NETWORK, transient: true }
  }
  if (error instanceof TruncatedError) {
    return { code: 'HTTP_FAILED', reason: 'the body ends too early', advice: NETWORK, transient: true }
  }
  if (error instanceof errors.HTTPParserError) {
    const reason = `the server does not speak HTTP (${error.message})`
    return { code: 'HTTP_FAILED', reason, advice: NETWORK, transient: true, cause: error }
  }
  const shortage = descriptorShortage(error)
  // As if the server refused: fewer connections are opened then, and those are given up from which nobody reads.
  if (shortage) return { code: 'HTTP_FAILED', ...shortage, transient: true, refused: true, cause: error }
  if (error instanceof ProxyError) return failureOfProxy(error)
  const first = error instanceof AggregateError ? error.errors[0] : error
  const code = (first as { code?: unknown } | undefined)?.code
  return first instanceof Error && typeof code === 'string' ? failureOfSystem(first, code) : undefined
}

const VARIABLES = CERTIFICATE_VARIABLES.join(', ').replace(/, (\w+)$/, ' or $1')

const NETWORK = 'check the network and the proxy settings, or try again later'

// As Nix does (nix: src/libstore/filetransfer.cc): what is temporary of 4xx, and what is not of 5xx.
const TRANSIENT: ReadonlySet<number> = new Set([408, 429])
const LASTING: ReadonlySet<number> = new Set([501, 505, 511])

/**
 * Statuses of servers that have too much to do, or are asked too often: besides 429 and 503 (RFC 6585, RFC 9110), 418 of
 * magic-nix-cache, 509 of hosts whose traffic is used up, 529 of overloaded sites, and 420 and 430 of some services.
 */
const BUSY: ReadonlySet<number> = new Set([418, 420, 429, 430, 503, 509, 529])

/** Whether an answer asks for fewer requests. GitHub does so by 403 with a Retry-After header, too. */
export function isBusy({ status, headers }: Pick<Response, 'status' | 'headers'>): boolean {
  return BUSY.has(status) || ((status === 403 || isTransient(status)) && headers['retry-after'] !== undefined)
}

/** Whether an answer shows that the server works, whatever it has. */
export function isWorking({ status }: Pick<Response, 'status'>): boolean {
  return !isTransient(status) && !BUSY.has(status)
}

function isTransient(status: number): boolean {
  return TRANSIENT.has(status) || (status >= 500 && !LASTING.has(status))
}

function failureOfStatus({ status, headers, host }: StatusError): Failure {
  const refused = isBusy({ status, headers })
  const transient = refused || isTransient(status)
  const reason = describeStatus(host, status)
  const advice =
    status === 401 || status === 403
      ? `give the user and password, or the token, for ${host}`
      : transient
        ? 'try again later'
        : 'check the URL'
  const retryAfter = parseRetryAfter(headers['retry-after'])
  return { code: 'HTTP_STATUS', reason, advice, transient, refused, status, retryAfter }
}

function describeStatus(host: string, status: number): string {
  return `${host} answers ${[status, STATUS_CODES[status]].join(' ').trim()}`
}

/** The failure of a request that was not even sent, as those of other threads to `host` fail: at last by `status`, or 0. */
export function failureOfOthers(host: string, status: number): Failure {
  if (status === 0) {
    // A proxy may be the one who does that.
    const reason = `connections to ${host} are refused or closed`
    return { code: 'HTTP_FAILED', reason, advice: NETWORK, transient: true, refused: true }
  }
  const reason = describeStatus(host, status)
  return { code: 'HTTP_STATUS', reason, advice: 'try again later', transient: true, refused: true, status }
}

/** Milliseconds to wait by a Retry-After header, which holds seconds or a date (RFC 9110, section 10.2.3). */
export function parseRetryAfter(value: string | string[] | undefined, now = Date.now()): number | undefined {
  if (typeof value !== 'string') return undefined
  const wait = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now
  return Number.isNaN(wait) ? undefined : Math.max(0, wait)
}

const TIMEOUTS: ReadonlySet<string> = new Set(['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT'])

// The codes that Node passes on from OpenSSL (Node: doc/api/tls.md, "X509 certificate error codes"), and undici's for the
// certificate of a proxy.
const CERTIFICATE =
  /CERT|^UNABLE_TO_VERIFY_|^INVALID_(CA|PURPOSE)$|^PATH_LENGTH_EXCEEDED$|^HOSTNAME_MISMATCH$|_PRX_TLS$/

/** Those of them that say that nobody known vouches for it. */
const AUTHORITY = /SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)|UNTRUSTED|^INVALID_CA$/

const REFUSED: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'UND_ERR_SOCKET',
])

const WORDS: Readonly<Record<string, string>> = {
  EAI_AGAIN: 'the host name cannot be looked up at the moment',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ENOTFOUND: 'there is no such host',
  EPIPE: 'the connection was closed',
  ETIMEDOUT: 'no connection in time',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  UND_ERR_HEADERS_TIMEOUT: 'the proxy does not answer',
  UND_ERR_PRX_CONN: 'the proxy closed the connection',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the body ends too early',
  UND_ERR_SOCKET: 'the server closed the connection',
}

function failureOfSystem(error: Error, code: string): Failure {
  if (CERTIFICATE.test(code)) {
    // Node adds advice of its own, behind a semicolon, for those who start it themselves.
    const reason = `the certificate was refused (${messageOf(error).replace(/; if the root CA .*/, '')})`
    const advice = AUTHORITY.test(code)
      ? `if you trust its authority, name a file with that in ${VARIABLES}`
      : 'check the URL, and the clock of this machine, or ask whoever runs the server to correct that'
    return { code: 'HTTP_FAILED', reason, advice, transient: false, cause: error }
  }
  const transient = code !== 'UND_ERR_INVALID_ARG'
  const reason = WORDS[code] ? `${WORDS[code]} (${messageOf(error)})` : messageOf(error)
  const kind = TIMEOUTS.has(code) ? 'HTTP_TIMEOUT' : 'HTTP_FAILED'
  return { code: kind, reason, advice: NETWORK, transient, refused: REFUSED.has(code), cause: error }
}

function failureOfProxy({ proxy, refusal, cause }: ProxyError): Failure {
  const who = `the proxy ${proxy.url}, which ${proxy.name} names`
  const beneath = refusal ? undefined : failureOf(cause)
  const reason = `${who}: ${refusal?.reason ?? beneath?.reason ?? (cause as Error).message}`
  const advice = refusal?.credentials ? `give its user and password in ${proxy.name}` : (beneath?.advice ?? NETWORK)
  const transient = refusal ? !refusal.lasting : (beneath?.transient ?? true)
  return { code: 'HTTP_FAILED', cause, ...beneath, reason, advice, transient }
}

/** The message of an error, or of the one that it hides. */
function messageOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : error.message
}

const FIRST_DELAY = 250
const LONGEST_DELAY = 8_000

/**
 * Milliseconds to wait after the `count`th failure in a row: twice as long as the time before, by chance up to half less
 * so that clients who failed together do not come back together.
 */
export function delayAfter(count: number): number {
  const longest = Math.min(FIRST_DELAY * 2 ** (count - 1), LONGEST_DELAY)
  return longest * (1 - Math.random() / 2)
}
