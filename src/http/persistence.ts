import type { ServerState } from '../throttle/index.ts'
import { delayAfter } from './failure.ts'

/** How long a download is tried. */
export interface PersistenceOptions {
  /** Failures in a row, with less than {@link GAIN} in between, after which it is given up. A server that refuses has more time. */
  readonly attempts: number
  /** Milliseconds for which a server may refuse every request before the download is given up. */
  readonly patience: number
  /** Whether there is no other place to have the file from. */
  readonly insist: boolean
}

/** A server that never answered may not exist: it has this share of the patience. */
const STRANGER = 1 / 6

/** Where there is another place to ask, a server has this share of the patience. */
const HASTE = 1 / 20

/** A server that asks to be left alone for longer is asked again after this share of the patience. */
const RETRY_AFTER_SHARE = 2 / 3

/** Bytes that make an attempt one: else a server could break off after every single one, and the download never end. */
const GAIN = 10_000

/** Decides whether a download that failed is tried again. */
export class Persistence {
  readonly #options: PersistenceOptions
  /** Bytes since the last failure. */
  #gained = 0
  /** Failures in a row. */
  #failures = 0
  /** Those of them that were no refusals. */
  #faults = 0

  constructor(options: PersistenceOptions) {
    this.#options = options
  }

  /** Milliseconds for which a server may fail, without any success. */
  patience({ reached }: Readonly<ServerState>): number {
    const { patience, insist } = this.#options
    return patience * (insist ? (reached === 1 ? 1 : STRANGER) : HASTE)
  }

  /** Milliseconds for which a server that asks for it is left alone. */
  retryAfter(asked = 0): number {
    return Math.min(asked, this.#options.patience * RETRY_AFTER_SHARE)
  }

  /** Records that bytes came. */
  progress(bytes: number): void {
    this.#gained += bytes
    if (this.#gained < GAIN) return
    this.#failures = 0
    this.#faults = 0
  }

  /**
   * Milliseconds to wait before the next attempt, or in words for how long there were attempts if there is no other.
   * `refused` is whether the server did not even begin to answer; `failing` are the milliseconds for which the server fails.
   */
  next(refused: boolean, server: Readonly<ServerState>, failing: number): number | string {
    const { attempts, insist } = this.#options
    this.#gained = 0
    this.#failures++
    if (!refused) this.#faults++
    const overdue = failing >= this.patience(server)
    // A fault may be that of a single file; but not where the server failed for long before.
    if (overdue && (refused || !insist || this.#failures === 1)) return describeFailing(server, failing)
    if ((insist ? this.#faults : this.#failures) >= attempts) return `at the last of ${this.#failures} attempts`
    // The throttle knows when a server may be asked again that refuses.
    return insist && refused ? 0 : delayAfter(this.#failures)
  }
}

/** For how long a server fails, in words. */
export function describeFailing({ failures }: Readonly<ServerState>, milliseconds: number): string {
  const seconds = milliseconds / 1000
  const time =
    seconds >= 100
      ? `${Math.round(seconds / 60)} minutes`
      : `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`
  return `and nothing else for ${time} (${failures} ${failures === 1 ? 'attempt' : 'attempts'})`
}
