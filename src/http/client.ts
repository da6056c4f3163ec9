import { setTimeout } from 'node:timers/promises'
import { describeUrl } from '../describe-url.ts'
import { type Authorizer, authorizerFor } from './authorization.ts'
import { decodeBody, type Recognise } from './body.ts'
import { openConnections } from './dispatcher.ts'
import { Download } from './download.ts'
import { HttpError } from './errors.ts'
import { sendRequest } from './exchange.ts'
import { followRedirects } from './redirects.ts'

/** Options of {@link createHttpClient}. */
export interface HttpClientOptions {
  /** The Authorization header for a URL, or `undefined`. It is asked again wherever a redirect leads. */
  readonly authorizationFor?: Authorizer
  /** Who asks, for the User-Agent header: some servers answer nobody who does not say. */
  readonly userAgent?: string
  /** Milliseconds without a byte, while one is waited for, after which an attempt fails: 60 000. */
  readonly stallTimeout?: number
  /** Attempts in a row without a byte after which a download fails: 5. */
  readonly attempts?: number
  /** Milliseconds for which a server is waited for that refuses connections or resets them, however many attempts: 30 000. */
  readonly patience?: number
}

/** Options of one download. */
export interface FetchOptions {
  /** The most bytes that there may be. */
  readonly limit: number
  /** What a file begins like, if that can be told: it decides whether a Content-Encoding is to be believed. */
  readonly recognise?: Recognise
  /** Aborts the download, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

/**
 * Downloads from static servers. What fails for reasons that may pass is tried again, with growing pauses in between; a
 * file is continued where it broke off. No Content-Encoding is asked for; one that comes anyway is undone.
 *
 * A server that answers 404, 410 or 403 has no such file: object stores answer 403 for what is missing. All else that
 * prevents a download is an `HttpError`. User and password in a URL go to its origin only, and never into messages.
 */
export interface HttpClient {
  /** The whole of a small document; `undefined` if there is none. */
  fetchDocument(url: URL, options: FetchOptions): Promise<Uint8Array | undefined>
  /**
   * The bytes of a file, each of them once; `undefined` if there is none. They can be iterated over once, with one `next`
   * at a time, and hold a connection until that has ended, or `return` was called.
   */
  openFile(url: URL, options: FetchOptions): Promise<AsyncIterableIterator<Uint8Array> | undefined>
  /** Ends all downloads and connections, at once: what is pending rejects with `HttpError` HTTP_CLOSED. */
  close(): Promise<void>
}

/** Waits so many milliseconds; rejects when the signal is aborted. */
export type Sleep = (milliseconds: number, signal: AbortSignal) => Promise<void>

/** Opens a client. Throws `HttpError` HTTP_PROXY_INVALID for the proxies that the environment names. */
export function createHttpClient(options: HttpClientOptions = {}): HttpClient {
  return createSleepingClient(options, (milliseconds, signal) => setTimeout(milliseconds, undefined, { signal }))
}

/** The same with another way to pass the time between attempts. */
export function createSleepingClient(options: HttpClientOptions, sleep: Sleep): HttpClient {
  const { authorizationFor = () => undefined, userAgent, stallTimeout = 60_000 } = options
  const { attempts = 5, patience = 30_000 } = options
  const always = { 'accept-encoding': 'identity', ...(userAgent !== undefined && { 'user-agent': userAgent }) }
  const connections = openConnections(stallTimeout)
  const running = new Set<AbortController>()
  let closed = false

  const open = async (url: URL, { limit, recognise, signal: outer }: FetchOptions) => {
    if (closed) throw closedError()
    if (!/^https?:$/.test(url.protocol)) {
      const message = `${describeUrl(url)}: downloads are possible from http and https only; check the URL`
      throw new HttpError('HTTP_URL_UNSUPPORTED', message, { url: describeUrl(url) })
    }
    const authorize = authorizerFor(url, authorizationFor)
    const { signal, end } = start(outer)
    const get = (headers: Readonly<Record<string, string>>, chain: URL[]) =>
      followRedirects(url, chain, hop => {
        const authorization = authorize(hop)
        const all = { ...always, ...headers, ...(authorization !== undefined && { authorization }) }
        return sendRequest(connections.dispatcher, hop, { headers: all, stallTimeout, signal })
      })
    const pause = (milliseconds: number) => sleep(milliseconds, signal)
    const context = { get, sleep: pause, attempts, patience, signal, end }
    const download = new Download(context, { url, limit })
    if (!(await download.open())) return undefined
    const { encoding } = download
    return encoding === undefined ? download : decodeBody(download, { url, encoding, limit, recognise })
  }

  /** A signal for one download: aborted with `outer`, by `close`, and when the download is over. */
  const start = (outer: AbortSignal | undefined) => {
    const controller = new AbortController()
    const abort = () => {
      controller.abort(outer!.reason)
      end()
    }
    const end = () => {
      running.delete(controller)
      outer?.removeEventListener('abort', abort)
      controller.abort()
    }
    running.add(controller)
    outer?.addEventListener('abort', abort)
    if (outer?.aborted) abort()
    return { signal: controller.signal, end }
  }

  return {
    async fetchDocument(url, options) {
      const file = await open(url, options)
      if (!file) return undefined
      const chunks: Uint8Array[] = []
      for await (const chunk of file) chunks.push(chunk)
      return Buffer.concat(chunks)
    },
    openFile: open,
    async close() {
      closed = true
      for (const controller of running) controller.abort(closedError())
      running.clear()
      await connections.destroy()
    },
  }
}

function closedError(): HttpError {
  return new HttpError('HTTP_CLOSED', 'the HTTP client was closed; open another one to go on')
}
