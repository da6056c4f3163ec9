import { setTimeout } from 'node:timers/promises'
import { describeUrl } from '../describe-url.ts'
import { HttpError } from '../http-error.ts'
import { isHttp } from '../is-http.ts'
import { LONGEST_TIMER } from '../longest-timer.ts'
import { createThrottle, type ThrottleMemory } from '../throttle/index.ts'
import { type Authorizer, authorizerFor } from './authorization.ts'
import { decodeBody, type Recognise } from './body.ts'
import { openConnections } from './dispatcher.ts'
import { Download, type FileRange } from './download.ts'
import { type RequestOptions, type Response, sendRequest } from './exchange.ts'
import { failureOf, isBusy, isWorking, parseRetryAfter } from './failure.ts'
import type { Identity } from './identity.ts'
import { Persistence } from './persistence.ts'
import { followRedirects } from './redirects.ts'
import { createSignals } from './signals.ts'
import { openQueues, type Time } from './turns.ts'

/** Options of {@link createHttpClient}. */
export interface HttpClientOptions {
  /** The Authorization header for a URL, or `undefined`. It is asked again wherever a redirect leads. */
  readonly authorizationFor?: Authorizer
  /** The User-Agent header: some servers refuse requests without one. */
  readonly userAgent?: string
  /** Milliseconds without a byte, while one is waited for, after which an attempt fails: 60 000. */
  readonly stallTimeout?: number
  /** Attempts in a row with less than 10 kB after which a download fails, unless the server refuses it: 5. */
  readonly attempts?: number
  /**
   * Milliseconds for which a server may be busy, or refuse connections, without any success before downloads from it fail:
   * 180 000. One that never answered has a sixth of it.
   */
  readonly patience?: number
  /** The state of the servers, shared with other clients. Default: the client's own. */
  readonly throttle?: ThrottleMemory
}

/** Options of one download. */
export interface FetchOptions {
  /** The most bytes that there may be. */
  readonly limit: number
  /** Recognises the file by its first bytes: this decides whether a Content-Encoding is believed. */
  readonly recognise?: Recognise
  /** Whether there is no other place to have it from: a busy server is then waited for. Default true. */
  readonly insist?: boolean
  /** Whether the server may compress a whole file for its transport; without it, it is asked not to. Default false. */
  readonly acceptsGzip?: boolean
  /** Whether a public server named the URL: then it may be no address of this machine, as with redirects. Default false. */
  readonly isElsewhere?: boolean
  /** Aborts the download, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

/** A part of a file that is on its way. */
export interface RangeAnswer {
  /** The identity of the file: hand it in with the next range, so that both are of one file. */
  readonly identity: Identity
  /** Whether only the range is sent; else the server sends the whole file, and what was not asked for is dropped here. */
  readonly isPart: boolean
  readonly bytes: AsyncIterableIterator<Uint8Array>
}

/**
 * Downloads from static servers. What fails for reasons that may pass is tried again, with growing pauses in between; a
 * file is continued where it broke off. A server that refuses requests, as it is busy, is asked less often, and by fewer
 * at a time. No Content-Encoding is asked for but gzip, by those who accept it; whatever comes is undone.
 *
 * A server that answers 404 or 410 has no such file; nor such a document if it answers 403. All else that prevents a
 * download is an `HttpError`. User and password in a URL go to its origin only, and never into messages.
 */
export interface HttpClient {
  /** The whole of a small document; `undefined` if there is none. */
  fetchDocument(url: URL, options: FetchOptions): Promise<Uint8Array | undefined>
  /**
   * The bytes of a file, each of them once; `undefined` if there is none. They can be iterated over once, with one `next`
   * at a time, and hold a connection until that has ended, or `return` was called.
   */
  openFile(url: URL, options: FetchOptions): Promise<AsyncIterableIterator<Uint8Array> | undefined>
  /** A part of a file, in the same way. `limit` is for the whole file. A file that comes with a Content-Encoding has no parts. */
  openRange(url: URL, range: FileRange, options: FetchOptions): Promise<RangeAnswer | undefined>
  /**
   * Gives up the connections to servers that refuse requests, before this thread blocks for long: another thread may need
   * them first. Files are continued when they are read further. It happens by itself to files that nobody reads for a second.
   */
  release(): void
  /** Whether any connection to the server of a URL was to an address of the internet, or to a name through a proxy. */
  isPublic(url: URL): boolean
  /** Ends all downloads and connections, at once: what is pending rejects with `HttpError` HTTP_CLOSED. */
  close(): Promise<void>
}

/**
 * Requests to a server that are sent, or wait for a connection there. Some have to wait: a connection that is free takes
 * the next at once, where 25 without any that waits took 5 % longer for narinfos from this machine.
 */
const SENT_MAX = 64

/** Milliseconds for which a file may hold a connection that nobody reads from while its server refuses others. */
const PAUSE_MAX = 1000

/** A request, and where it may lead. */
interface SendOptions extends RequestOptions {
  /** Whether a public server led here: then it may be no address of this machine. */
  readonly isElsewhere: boolean
}

const MISSING: ReadonlySet<number> = new Set([404, 410])

/** Whether there is a document is asked: object stores answer 403 to clients that may not list what they have. */
const MISSING_DOCUMENT: ReadonlySet<number> = new Set([...MISSING, 403])

/** Opens a client. Throws `HttpError` HTTP_PROXY_INVALID for the proxies that the environment names. */
export function createHttpClient(options: HttpClientOptions = {}): HttpClient {
  return createTimedClient(options, {
    now: monotonicTime,
    sleep: (milliseconds, signal) => setTimeout(Math.min(milliseconds, LONGEST_TIMER), undefined, { signal }),
  })
}

/** Milliseconds of a clock that all threads share. */
function monotonicTime(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1e3 + nanoseconds / 1e6
}

/** The same with another time. */
export function createTimedClient(options: HttpClientOptions, time: Time): HttpClient {
  const { authorizationFor = () => undefined, userAgent, stallTimeout = 60_000 } = options
  const { attempts = 5, patience = 180_000, throttle = createThrottle() } = options
  const always = { 'accept-encoding': 'identity', ...(userAgent !== undefined && { 'user-agent': userAgent }) }
  const connections = openConnections(stallTimeout)
  const queueOf = openQueues(throttle, SENT_MAX, time)
  const signals = createSignals()
  const downloads = new Set<Download>()
  let closed = false
  const releasing = setInterval(() => {
    for (const download of downloads) if (download.paused >= PAUSE_MAX) download.release()
  }, PAUSE_MAX).unref()

  /** Sends a request when it has its turn, which ends with the headers of the response: nobody may want the body yet. */
  const send = async (url: URL, options: SendOptions, persistence: Persistence): Promise<Response> => {
    const { signal, isElsewhere } = options
    const dispatcher = isElsewhere ? connections.elsewhere : connections.dispatcher
    const turn = await queueOf(url).take({ signal, patience: server => persistence.patience(server) })
    try {
      // It may have been aborted since the turn was given, and no listener that is added now would be called.
      signal.throwIfAborted()
      const response = await sendRequest(dispatcher, url, options)
      if (isBusy(response)) turn.refuse(persistence.retryAfter(parseRetryAfter(response.headers['retry-after'])))
      else if (isWorking(response)) turn.succeed()
      return response
    } catch (error) {
      if (!signal.aborted && failureOf(error)?.refused) turn.refuse()
      throw error
    } finally {
      turn.end()
    }
  }

  const start = async (url: URL, options: FetchOptions, missing: ReadonlySet<number>, range?: FileRange) => {
    const { limit, insist = true, acceptsGzip = false, isElsewhere: isNamed = false, signal: outer } = options
    if (closed) throw closedError()
    if (!isHttp(url)) {
      const message = `${describeUrl(url)}: downloads are possible from http and https only; check the URL`
      throw new HttpError('HTTP_URL_UNSUPPORTED', message, { url: describeUrl(url) })
    }
    const authorize = authorizerFor(url, authorizationFor)
    const persistence = new Persistence({ attempts, patience, insist })
    const { signal, end } = signals.open(outer)
    const accepted = acceptsGzip && { 'accept-encoding': 'gzip' }
    const get = (headers: Readonly<Record<string, string>>, chain: URL[]) =>
      followRedirects(url, chain, hop => {
        const isElsewhere = isNamed || chain.slice(0, -1).some(connections.isPublic)
        const authorization = authorize(hop)
        const all = { ...always, ...accepted, ...headers, ...(authorization !== undefined && { authorization }) }
        return send(hop, { headers: all, stallTimeout, signal, isElsewhere }, persistence)
      })
    const onEnd = () => {
      end()
      downloads.delete(download)
    }
    const context = { get, time, stallTimeout, queueOf, persistence, signal, end: onEnd }
    const download = new Download(context, { url, limit, missing, range })
    downloads.add(download)
    return (await download.open()) ? download : undefined
  }

  const open = async (url: URL, options: FetchOptions, missing: ReadonlySet<number>) => {
    const { limit, recognise } = options
    const download = await start(url, options, missing)
    if (download?.encoding === undefined) return download
    return decodeBody(download, { url, encoding: download.encoding, limit, recognise })
  }

  return {
    async fetchDocument(url, options) {
      const file = await open(url, options, MISSING_DOCUMENT)
      if (!file) return undefined
      const chunks: Uint8Array[] = []
      for await (const chunk of file) chunks.push(chunk)
      return Buffer.concat(chunks)
    },
    openFile: (url, options) => open(url, options, MISSING),
    async openRange(url, range, options) {
      const download = await start(url, options, MISSING, range)
      if (!download) return undefined
      const { identity, isPart, encoding } = download
      if (encoding === undefined) return { identity, isPart, bytes: download }
      await download.return()
      const reason = `the server encodes the file (${encoding}), so that its parts cannot be told; turn that off for it`
      throw new HttpError('HTTP_ENCODING', `${describeUrl(url)}: ${reason}`, { url: describeUrl(url) })
    },
    release() {
      for (const download of downloads) download.release()
    },
    isPublic: connections.isPublic,
    async close() {
      closed = true
      clearInterval(releasing)
      downloads.clear()
      signals.abort(closedError())
      await connections.destroy()
    },
  }
}

function closedError(): HttpError {
  return new HttpError('HTTP_CLOSED', 'the HTTP client was closed; open another one to go on')
}
