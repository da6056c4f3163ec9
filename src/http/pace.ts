/**
 * Bytes a second that a download has to have on average. Far less than honest servers give: 25 downloads at a time over a
 * modem line have 280 each, and servers with a limit have thousands (nginx: limit_rate). Nix and curl call it stalled below
 * one byte a second (nix: src/libstore/filetransfer.cc, CURLOPT_LOW_SPEED_LIMIT); so a file of 100 MB could take three years.
 */
const LEAST_RATE = 100

/** Stall timeouts over which the average is taken: the first bytes of a file may be slow to come. */
const WINDOW = 5

/** The network gives bytes, but too few. */
export class SlowError extends Error {
  override readonly name = 'SlowError'
  /** The bytes that came, and in how many milliseconds. */
  readonly bytes: number
  readonly waited: number

  constructor(bytes: number, waited: number) {
    super('too little was received for too long')
    this.bytes = bytes
    this.waited = waited
  }
}

/** How fast one download is, by the time in which bytes are awaited: its reader may take any. */
export class Pace {
  readonly #now: () => number
  readonly #stallTimeout: number
  #waited = 0
  #bytes = 0

  constructor(now: () => number, stallTimeout: number) {
    this.#now = now
    this.#stallTimeout = stallTimeout
  }

  /** Awaits bytes. Rejects with {@link SlowError} at the end of a window in which too few have come. */
  async measure(read: () => Promise<Uint8Array | undefined>): Promise<Uint8Array | undefined> {
    const from = this.#now()
    const chunk = await read()
    // A longer wait is that of a thread which was busy elsewhere.
    this.#waited += Math.min(this.#now() - from, this.#stallTimeout)
    this.#bytes += chunk?.length ?? 0
    if (this.#waited < WINDOW * this.#stallTimeout) return chunk
    const [bytes, waited] = [this.#bytes, this.#waited]
    this.#bytes = 0
    this.#waited = 0
    if (chunk && bytes < (LEAST_RATE * waited) / 1000) throw new SlowError(bytes, waited)
    return chunk
  }
}
