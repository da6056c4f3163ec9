import { describeUrl } from '../describe-url.ts'
import { HttpError, type HttpErrorCode, type HttpErrorData } from './errors.ts'
import type { Response } from './exchange.ts'
import { delayAfter, failureOf, StatusError, TruncatedError } from './failure.ts'
import { differenceOf, type Identity, identityOf, lengthOf, rangeOf, validatorOf } from './identity.ts'

/** What a download needs of its client. */
export interface DownloadContext {
  /** Sends a request and follows redirects; adds every URL that it asks to `chain`. */
  readonly get: (headers: Readonly<Record<string, string>>, chain: URL[]) => Promise<Response>
  /** Waits so many milliseconds, or until the signal is aborted. */
  readonly sleep: (milliseconds: number) => Promise<void>
  /** Failures in a row, without a byte in between, after which the download is given up. */
  readonly attempts: number
  /** Milliseconds of pauses, without a byte in between, before which a server that is away is not given up. */
  readonly patience: number
  /** Ends what the download is doing; it then rejects with the signal's reason. */
  readonly signal: AbortSignal
  /** Called, perhaps more than once, when the download is over; aborts the signal. */
  readonly end: () => void
}

/** What to download. */
export interface DownloadOptions {
  readonly url: URL
  /** The most bytes that it may have; a little more if it comes with a Content-Encoding. */
  readonly limit: number
}

/** What object stores answer for what they do not have: 403 to clients that may not list what they have. */
const MISSING: ReadonlySet<number> = new Set([403, 404, 410])

/**
 * The bytes of a file as the server sends them, to be read once and piece by piece. Where a connection breaks it goes on with the rest: by a
 * Range request, and if the server ignores the range, by dropping what was there already.
 */
export class Download implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #context: DownloadContext
  readonly #options: DownloadOptions
  #response: Response | undefined
  /** The URLs that the latest request led to. */
  #chain: URL[] = []
  #identity: Identity = {}
  #opened = false
  #over = false
  /** Bytes handed out. */
  #position = 0
  /** Bytes of the response that were handed out before, and are still to drop. */
  #skip = 0
  /** Failures since the last byte. */
  #failures = 0
  /** Milliseconds of pauses since the last byte. */
  #paused = 0

  constructor(context: DownloadContext, options: DownloadOptions) {
    this.#context = context
    this.#options = options
  }

  /** The Content-Encoding of an open download; `undefined` if there is none. */
  get encoding(): string | undefined {
    return this.#identity.encoding
  }

  /** Sends the first request. Resolves to whether there is such a file. */
  async open(): Promise<boolean> {
    this.#response = await this.#persist(() => this.#request())
    this.#opened = true
    if (!this.#response) this.#end()
    return this.#response !== undefined
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const value = this.#over ? undefined : await this.#persist(() => this.#read())
    if (value) return { done: false, value }
    return this.return()
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#end()
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #end(): void {
    this.#over = true
    this.#context.end()
  }

  /** Does `work` until it succeeds or there is no use in it; resolves to `undefined` if the reader stops meanwhile. */
  async #persist<T>(work: () => Promise<T>): Promise<T | undefined> {
    const { signal, sleep } = this.#context
    for (let delay = 0; ; ) {
      try {
        if (delay > 0) await sleep(delay)
        signal.throwIfAborted()
        return await work()
      } catch (error) {
        if (this.#over) return undefined
        try {
          if (signal.aborted) throw signal.reason
          delay = this.#delayAfter(error)
        } catch (final) {
          this.#end()
          throw final
        }
      }
    }
  }

  /** Milliseconds until the next attempt; throws if there is none. */
  #delayAfter(error: unknown): number {
    this.#response?.cancel()
    this.#response = undefined
    const failure = failureOf(error)
    if (!failure) throw error
    this.#failures++
    const { code, reason, advice, status, cause } = failure
    if (!failure.transient) throw this.#error(code, reason, advice, { status, cause })
    const { attempts, patience } = this.#context
    if (this.#failures < attempts || (failure.away && this.#paused < patience)) {
      const delay = delayAfter(this.#failures, failure.retryAfter)
      this.#paused += delay
      return delay
    }
    const progress = this.#position > 0 ? ` after byte ${this.#position}` : ''
    throw this.#error(code, `${reason}, at the last of ${this.#failures} attempts${progress}`, advice, {
      status,
      cause,
    })
  }

  /** Sends a request for what is still to come; `undefined` if there is no such file. */
  async #request(): Promise<Response | undefined> {
    this.#chain = []
    const response = await this.#context.get(this.#headers(), this.#chain)
    const { status, headers } = response
    const range = this.#position > 0 && status === 206 ? rangeOf(headers) : undefined
    if (range) {
      this.#recognise(identityOf(headers, range.length))
      if (range.start !== this.#position) throw this.#rangeError(`from byte ${range.start}`)
      this.#skip = 0
      return response
    }
    if (status === 200) {
      this.#recognise(identityOf(headers, lengthOf(headers)))
      this.#skip = this.#position
      return response
    }
    response.discard()
    if (MISSING.has(status) && !this.#opened) return undefined
    throw new StatusError(response, this.#chain.at(-1)!.host)
  }

  #headers(): Record<string, string> {
    if (this.#position === 0) return {}
    const validator = validatorOf(this.#identity)
    return { range: `bytes=${this.#position}-`, ...(validator !== undefined && { 'if-range': validator }) }
  }

  /** Takes note of what a response says of the file, and refuses another file than the one that was begun. */
  #recognise(now: Identity): void {
    const before = this.#identity
    const difference = this.#position > 0 ? differenceOf(before, now) : undefined
    if (difference !== undefined) {
      throw this.#error('HTTP_CHANGED', `the file changed during the download: ${difference}`, 'download it again')
    }
    this.#identity = this.#position > 0 ? { ...before, length: before.length ?? now.length } : now
    this.#checkSize(this.#identity.length ?? 0)
  }

  async #read(): Promise<Uint8Array | undefined> {
    for (;;) {
      this.#response ??= await this.#request()
      const received = await this.#response!.read()
      if (!received) break
      const chunk = received.subarray(this.#skip)
      this.#skip -= received.length - chunk.length
      if (chunk.length === 0) continue
      this.#checkSize(this.#position + chunk.length)
      this.#position += chunk.length
      this.#failures = 0
      this.#paused = 0
      return chunk
    }
    const { length = this.#position + this.#skip } = this.#identity
    if (this.#position < length) throw new TruncatedError()
    return undefined
  }

  #checkSize(size: number): void {
    const { limit } = this.#options
    const { length = size, encoding } = this.#identity
    // What cannot be compressed any further grows a little.
    const most = encoding === undefined ? limit : limit + limit / 100 + 64 * 1024
    if (size > most) {
      throw this.#error('HTTP_TOO_LARGE', `the file has more than the ${limit} bytes that it may have`, 'check the URL')
    }
    if (size > length) throw this.#rangeError(`beyond byte ${length}, the last`)
  }

  #rangeError(what: string): HttpError {
    const reason = `the server answers a request for what comes after byte ${this.#position} with bytes ${what}`
    return this.#error('HTTP_FAILED', reason, 'report that to whoever runs it')
  }

  #error(code: HttpErrorCode, reason: string, advice: string, data: HttpErrorData = {}): HttpError {
    const url = describeUrl(this.#options.url)
    const last = describeUrl(this.#chain.at(-1) ?? this.#options.url)
    const at = last === url ? '' : `, redirected to ${last}`
    return new HttpError(code, `${url}${at}: ${reason}; ${advice}`, { ...data, url })
  }
}
