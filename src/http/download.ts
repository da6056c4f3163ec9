import { describeUrl } from '../describe-url.ts'
import { HttpError, type HttpErrorCode, type HttpErrorData } from '../http-error.ts'
import { failingFor } from '../throttle/index.ts'
import type { Response } from './exchange.ts'
import { type Failure, failureOf, failureOfOthers, isBusy, StatusError, TruncatedError } from './failure.ts'
import { differenceOf, type Identity, identityOf, lengthOf, rangeOf, validatorOf } from './identity.ts'
import { Pace } from './pace.ts'
import { describeFailing, type Persistence } from './persistence.ts'
import { OverdueError, type Queue, type Time } from './turns.ts'

/** The part of the client that a download needs. */
export interface DownloadContext {
  /** Sends a request and follows redirects; adds every URL that it asks to `chain`. */
  readonly get: (headers: Readonly<Record<string, string>>, chain: URL[]) => Promise<Response>
  readonly time: Time
  readonly stallTimeout: number
  /** Where requests to the server of a URL wait for their turn. */
  readonly queueOf: (url: URL) => Queue
  readonly persistence: Persistence
  /** Ends what the download is doing; it then rejects with the signal's reason. */
  readonly signal: AbortSignal
  /** Called, perhaps more than once, when the download is over; aborts the signal. */
  readonly end: () => void
}

/** A file to download. */
export interface DownloadOptions {
  readonly url: URL
  /** The most bytes that it may have; a little more if it comes with a Content-Encoding. */
  readonly limit: number
  /** Statuses that mean that there is no such file. */
  readonly missing: ReadonlySet<number>
  /** The part that is wanted of it. Default: all. */
  readonly range?: FileRange
}

/** A part of a file. */
export interface FileRange {
  /** Offset of its first byte. */
  readonly start: number
  /** Bytes of it, at least one; there are fewer where the file ends. */
  readonly size: number
  /** The identity of the file by earlier answers; an answer with another one is refused. */
  readonly identity?: Identity
}

/** A server without ranges sends a file from its start after each release: this many times at most. */
const RESTARTS_MAX = 3

/** The connection of a body was given up for the requests of others. */
class ReleasedError extends Error {
  override readonly name = 'ReleasedError'
}

/**
 * The bytes of a file as the server sends them, to be read once and piece by piece. Where a connection breaks it goes on
 * with the rest: by a Range request, and if the server ignores the range, by dropping what was there already.
 */
export class Download implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #context: DownloadContext
  readonly #options: DownloadOptions
  #response: Response | undefined
  /** The URLs that the latest request led to. */
  #chain: URL[] = []
  #identity: Identity
  #opened = false
  /** Whether the server answers with the range alone. */
  #isPart = false
  #over = false
  /** When the latest chunk was handed out, if none is waited for. */
  #pausedAt: number | undefined
  /** Offset in the file of what is handed out next. */
  #position: number
  /** Offset of the first byte that is not wanted; in a file that is wanted to its end, `Infinity`. */
  readonly #limit: number
  /** Bytes of the response that stand before that, and are still to drop. */
  #skip = 0
  /** How often the server sent the file from its start again. */
  #restarts = 0
  #lastFailure: Failure | undefined
  readonly #pace: Pace

  constructor(context: DownloadContext, options: DownloadOptions) {
    this.#pace = new Pace(() => context.time.now(), context.stallTimeout)
    this.#context = context
    this.#options = options
    const { start = 0, size = Number.POSITIVE_INFINITY, identity = {} } = options.range ?? {}
    this.#position = start
    this.#limit = start + size
    this.#identity = identity
  }

  /** The Content-Encoding of an open download; `undefined` if there is none. */
  get encoding(): string | undefined {
    return this.#identity.encoding
  }

  /** The identity of the file, by the server. */
  get identity(): Identity {
    return this.#identity
  }

  /** Whether the server sends the range that was asked for, and not the whole file. */
  get isPart(): boolean {
    return this.#isPart
  }

  /** Sends the first request. Resolves to whether there is such a file. */
  async open(): Promise<boolean> {
    this.#response = await this.#persist(() => this.#request())
    this.#opened = true
    this.#pausedAt = this.#context.time.now()
    if (!this.#response) this.#end()
    return this.#response !== undefined
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#pausedAt = undefined
    const value = this.#over ? undefined : await this.#persist(() => this.#read())
    this.#pausedAt = this.#context.time.now()
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

  /** Milliseconds since a chunk was last waited for. */
  get paused(): number {
    return this.#pausedAt === undefined ? 0 : this.#context.time.now() - this.#pausedAt
  }

  /**
   * Gives the connection up if the server refuses others; the download goes on with another one when it is read further. A
   * server may serve so few at a time that whoever has to come first would never have a connection.
   */
  release(): void {
    const response = this.#response
    // Where the length is unknown, there may be no rest to ask for.
    if (!response || response.complete || this.#over || this.#identity.length === undefined) return
    if (this.#restarts >= RESTARTS_MAX || !this.#queue().isFailing()) return
    this.#response = undefined
    response.cancel(new ReleasedError())
  }

  #end(): void {
    this.#over = true
    this.#context.end()
  }

  /** Does `work` until it succeeds or there is no use in it; resolves to `undefined` if the reader stops meanwhile. */
  async #persist<T>(work: () => Promise<T>): Promise<T | undefined> {
    const { signal, time } = this.#context
    for (let delay = 0; ; ) {
      try {
        if (delay > 0) await time.sleep(delay, signal)
        signal.throwIfAborted()
        return await work()
      } catch (error) {
        if (this.#over) return undefined
        if (error instanceof ReleasedError) {
          delay = 0
          continue
        }
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
    // A server that began to answer does not refuse.
    const answered = this.#response !== undefined
    this.#response?.cancel()
    this.#response = undefined
    if (error instanceof OverdueError) throw this.#overdue(error)
    const failure = failureOf(error)
    if (!failure) throw error
    const { code, reason, advice, status, cause, refused = false } = failure
    if (!failure.transient) throw this.#error(code, reason, advice, { status, cause })
    this.#lastFailure = failure
    const { persistence, time } = this.#context
    const server = this.#queue().fail(failure)
    const next = persistence.next(refused && !answered, server, failingFor(server, time.now()))
    if (typeof next === 'number') return next
    throw this.#givenUp(failure, next)
  }

  /** The requests of others fail, and this one is given up without being sent. */
  #overdue({ server, failing }: OverdueError): HttpError {
    const known = this.#lastFailure ?? this.#queue().failureOf(server)
    const failure = known ?? failureOfOthers(this.#chain.at(-1)!.host, server.lastStatus)
    return this.#givenUp(failure, describeFailing(server, failing))
  }

  #givenUp({ code, reason, advice, status, cause, retryAfter = 0 }: Failure, tried: string): HttpError {
    const wish = retryAfter > 0 ? ` and asks to be left alone for ${Math.ceil(retryAfter / 1000)} s` : ''
    const progress = this.#position > 0 ? ` after byte ${this.#position}` : ''
    return this.#error(code, `${reason}${wish}, ${tried}${progress}`, advice, { status, cause, transient: true })
  }

  /** Where the latest request waited, or would have. */
  #queue(): Queue {
    return this.#context.queueOf(this.#chain.at(-1)!)
  }

  /** Sends a request for what is still to come; `undefined` if there is no such file. */
  async #request(): Promise<Response | undefined> {
    this.#chain = []
    const response = await this.#context.get(this.#headers(), this.#chain)
    const { status, headers } = response
    const range = this.#wantsPart && status === 206 ? rangeOf(headers) : undefined
    if (range) {
      this.#recognise(identityOf(headers, range.length))
      if (range.start !== this.#position) throw this.#rangeError(`from byte ${range.start}`)
      this.#isPart = true
      this.#skip = 0
      return response
    }
    if (status === 200) {
      if (this.#opened && this.#position > 0) this.#restarts++
      this.#isPart = false
      this.#recognise(identityOf(headers, lengthOf(headers)))
      this.#skip = this.#position
      return response
    }
    response.discard()
    if (this.#options.missing.has(status) && !this.#opened && !isBusy(response)) return undefined
    throw new StatusError(response, this.#chain.at(-1)!.host)
  }

  get #wantsPart(): boolean {
    return this.#position > 0 || this.#limit !== Number.POSITIVE_INFINITY
  }

  #headers(): Record<string, string> {
    if (!this.#wantsPart) return {}
    const validator = validatorOf(this.#identity)
    const last = this.#limit === Number.POSITIVE_INFINITY ? '' : this.#limit - 1
    return { range: `bytes=${this.#position}-${last}`, ...(validator !== undefined && { 'if-range': validator }) }
  }

  /** Takes note of what a response says of the file, and refuses another file than the one that was begun. */
  #recognise(now: Identity): void {
    const before = this.#identity
    const { start = 0, identity } = this.#options.range ?? {}
    const isKnown = this.#position > start || identity !== undefined
    const difference = isKnown ? differenceOf(before, now) : undefined
    if (difference !== undefined) {
      throw this.#error('HTTP_CHANGED', `the file changed during the download: ${difference}`, 'download it again')
    }
    this.#identity = isKnown ? { ...now, ...before, length: before.length ?? now.length } : now
    this.#checkLimit(this.#identity.length ?? 0)
  }

  async #read(): Promise<Uint8Array | undefined> {
    for (;;) {
      const isAtEnd = this.#position >= Math.min(this.#limit, this.#identity.length ?? Number.POSITIVE_INFINITY)
      // A connection may be given up behind the last byte, and before its end was read; and that of a whole file may go on.
      if (isAtEnd && (!this.#response || (this.#limit !== Number.POSITIVE_INFINITY && !this.#isPart))) break
      this.#response ??= await this.#request()
      const response = this.#response!
      const received = await this.#pace.measure(() => response.read())
      if (!received) break
      const rest = received.subarray(this.#skip)
      this.#skip -= received.length - rest.length
      const chunk = this.#isPart ? rest : rest.subarray(0, this.#limit - this.#position)
      if (chunk.length === 0) continue
      this.#checkEnd(this.#position + chunk.length)
      this.#position += chunk.length
      this.#context.persistence.progress(chunk.length)
      this.#queue().progress()
      return chunk
    }
    const { length = this.#position + this.#skip } = this.#identity
    if (this.#position < Math.min(length, this.#limit)) throw new TruncatedError()
    return undefined
  }

  /** Throws if the file, or what came of it, has more bytes than it may have. */
  #checkLimit(size: number): void {
    const { limit } = this.#options
    // Incompressible data grows a little.
    const most = this.#identity.encoding === undefined ? limit : limit + limit / 100 + 64 * 1024
    if (size > most) {
      throw this.#error('HTTP_TOO_LARGE', `the file has more than the ${limit} bytes that it may have`, 'check the URL')
    }
  }

  /** Throws if bytes come that are not of what was asked for; the last of them is in front of `end`. */
  #checkEnd(end: number): void {
    this.#checkLimit(end)
    const { length = end } = this.#identity
    if (end > length || (this.#isPart && end > this.#limit)) {
      throw this.#rangeError(`beyond byte ${Math.min(length, this.#limit)}, the last`)
    }
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
