import type { Dispatcher } from 'undici'
import { LONGEST_TIMER } from '../longest-timer.ts'

/** Bytes of a body that may wait for their reader before no more is taken from the socket. */
const READ_AHEAD = 64 * 1024

/** Bytes of an unwanted body that are read to have its connection free again; one that is longer is cut off. */
const DISCARD_MAX = 64 * 1024

export type Headers = Readonly<Record<string, string | string[] | undefined>>

/** A request, apart from the URL. */
export interface RequestOptions {
  readonly headers: Readonly<Record<string, string>>
  /** Milliseconds without a byte after which the exchange fails. */
  readonly stallTimeout: number
  /** Ends the exchange, whatever it is doing; it then fails with the signal's reason. */
  readonly signal: AbortSignal
}

/** The network is silent for too long. */
export class StallError extends Error {
  override readonly name = 'StallError'
  /** Milliseconds without a byte. */
  readonly waited: number

  constructor(waited: number) {
    super('nothing was received for too long')
    this.waited = waited
  }
}

/** Sends a GET request. Resolves when the headers of the response are there; rejects with whatever undici says. */
export async function sendRequest(
  dispatcher: Pick<Dispatcher, 'dispatch'>,
  url: URL,
  options: RequestOptions,
): Promise<Response> {
  const exchange = new Exchange(options.stallTimeout, options.signal)
  dispatcher.dispatch(
    {
      origin: url.origin,
      path: url.pathname + url.search,
      method: 'GET',
      headers: options.headers,
      // Counted by the exchange, which knows when it is its reader who lets it wait.
      headersTimeout: 0,
      bodyTimeout: 0,
    },
    exchange,
  )
  return exchange.response()
}

/** A response whose body is still to be read, or to be got rid of. */
export interface Response {
  readonly status: number
  readonly headers: Headers
  /** Whether the whole body has come, read or not. */
  readonly complete: boolean
  /** The next piece of the body; `undefined` after the last. Rejects if the body does not come to its end. */
  read(): Promise<Uint8Array | undefined>
  /** Drops the body, in a way that lets the connection be used again. The signal means nothing from then on. */
  discard(): void
  /** Ends the exchange and its connection; a read under way rejects with the error. */
  cancel(error?: Error): void
}

/**
 * One request and its response, as undici reports them. The clock runs only while something is awaited from the network:
 * from the request to the headers, and while `read` has nothing to give.
 *
 * `request()` of undici would be half as long, but does not do: it does not tell when a connection is there, so that the clock
 * would run while one is made; and if a body breaks off, it drops the bytes that were received and not yet read.
 */
class Exchange implements Dispatcher.DispatchHandler, Response {
  status = 0
  headers: Headers = {}
  readonly #stallTimeout: number
  readonly #stopListening: () => void
  readonly #chunks: Buffer[] = []
  /** Bytes in `#chunks`, or bytes that were discarded. */
  #size = 0
  #controller: Dispatcher.DispatchController | undefined
  #failure: { readonly error: unknown } | undefined
  #ended = false
  #discarding = false
  #clock: NodeJS.Timeout | undefined
  #wake = () => {}

  constructor(stallTimeout: number, signal: AbortSignal) {
    this.#stallTimeout = stallTimeout
    const abort = () => this.#abort(signal.reason)
    signal.addEventListener('abort', abort)
    this.#stopListening = () => signal.removeEventListener('abort', abort)
  }

  get complete(): boolean {
    return this.#ended
  }

  async response(): Promise<Response> {
    while (this.status === 0 && !this.#failure) await this.#change()
    if (this.#failure) throw this.#failure.error
    return this
  }

  async read(): Promise<Uint8Array | undefined> {
    for (;;) {
      const chunk = this.#chunks.shift()
      if (chunk) {
        this.#size -= chunk.length
        return chunk
      }
      if (this.#failure) throw this.#failure.error
      if (this.#ended) return undefined
      const change = this.#change()
      this.#startClock()
      this.#controller!.resume()
      await change
    }
  }

  discard(): void {
    this.#chunks.length = 0
    this.#size = 0
    if (this.#ended || this.#failure) return
    this.#stopListening()
    this.#discarding = true
    this.#startClock()
    this.#controller!.resume()
  }

  cancel(error = new Error('not wanted any more')): void {
    this.#abort(error)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#failure) controller.abort(this.#failure.error as Error)
    else this.#startClock()
  }

  onResponseStart(_: unknown, status: number, headers: Headers): void {
    if (status < 200) return
    this.#stopClock()
    this.status = status
    this.headers = headers
    this.#wake()
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    // undici goes on to report the body after it has reported a proxy's 407 as an error.
    if (this.#failure) {
      controller.abort(this.#failure.error as Error)
      return
    }
    this.#size += chunk.length
    if (this.#discarding) {
      if (this.#size > DISCARD_MAX) this.cancel()
      return
    }
    this.#stopClock()
    this.#chunks.push(chunk)
    if (this.#size >= READ_AHEAD) controller.pause()
    this.#wake()
  }

  onResponseEnd(): void {
    this.#ended = true
    this.#settle()
  }

  onResponseError(_: unknown, error: Error): void {
    this.#failure ??= { error }
    this.#settle()
  }

  #abort(error: unknown): void {
    if (this.#ended || this.#failure) return
    this.#failure = { error }
    this.#settle()
    this.#controller?.abort(error as Error)
  }

  #settle(): void {
    this.#stopClock()
    this.#stopListening()
    this.#wake()
  }

  #change(): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve
    })
  }

  #startClock(): void {
    this.#stopClock()
    // Bytes that came while this thread was busy elsewhere are read first, and may stop the clock.
    const expire = () => setImmediate(() => this.#clock === clock && this.#abort(new StallError(this.#stallTimeout)))
    const clock = setTimeout(expire, Math.min(this.#stallTimeout, LONGEST_TIMER))
    this.#clock = clock
  }

  #stopClock(): void {
    clearTimeout(this.#clock)
    this.#clock = undefined
  }
}
