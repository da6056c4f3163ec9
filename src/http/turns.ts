import {
  endTurn,
  failingFor,
  openServer,
  recordFailure,
  recordProgress,
  recordRefusal,
  recordSuccess,
  type Server,
  type ServerState,
  type ThrottleMemory,
  takeTurn,
} from '../throttle/index.ts'
import type { Failure } from './failure.ts'

/** How time passes. */
export interface Time {
  /** Milliseconds, the same for all threads, and never less than before. */
  now(): number
  /** Waits, in milliseconds; rejects when the signal is aborted. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>
}

/** The right to send one request. It ends with the first call of a method. */
export interface Turn {
  /** The server answered. */
  succeed(): void
  /** The server has too much to do, or closed the connection; it asks to be left alone for this many milliseconds. */
  refuse(retryAfter?: number): void
  /** The request failed for another reason, or is not wanted any more. */
  end(): void
}

/** A request that waits for its turn. */
export interface TurnOptions {
  /** Rejects with its reason when it is aborted. */
  readonly signal: AbortSignal
  /** Milliseconds for which the server may fail, without any success, before it is not waited for any more. */
  readonly patience: (server: Readonly<ServerState>) => number
}

/** A server, as one client asks it: requests in the order in which they come, as fast as the throttle allows. */
export interface Queue {
  /** Waits for a turn. Rejects with {@link OverdueError}. */
  take(options: TurnOptions): Promise<Turn>
  /** Records that a request failed for a reason that may pass, and returns what is known of the server. */
  fail(failure: Failure): Readonly<ServerState>
  /** Why requests fail, as far as those of this client tell; `undefined` where the last failure was that of another. */
  failureOf(server: Readonly<ServerState>): Failure | undefined
  /** Records that bytes of an answer arrive. */
  progress(): void
  /** Whether requests fail, those of other threads included, and no bytes have come since. */
  isFailing(): boolean
}

/** The server fails for longer than a request may wait for it. */
export class OverdueError extends Error {
  override readonly name = 'OverdueError'
  readonly server: Readonly<ServerState>
  /** Milliseconds for which the server fails. */
  readonly failing: number

  constructor(server: Readonly<ServerState>, failing: number) {
    super('the server fails for too long')
    this.server = server
    this.failing = failing
  }
}

/** Milliseconds after which to look again for a place in the window that another thread may have left. */
const POLL = 5

interface Waiter extends TurnOptions {
  readonly resolve: (turn: Turn) => void
  readonly reject: (error: unknown) => void
}

/** Opens the queues of a client, which sends at most `most` requests at a time to each server. */
export function openQueues(memory: ThrottleMemory, most: number, time: Time): (url: URL) => Queue {
  const queues = new Map<string, Queue>()
  return ({ origin }) => {
    let queue = queues.get(origin)
    if (!queue) {
      queue = new ServerQueue(openServer(memory, origin), most, time)
      queues.set(origin, queue)
    }
    return queue
  }
}

class ServerQueue implements Queue {
  readonly #server: Server
  readonly #most: number
  readonly #time: Time
  readonly #waiters: Waiter[] = []
  #lastFailure: Failure | undefined
  /** Turns of this client. */
  #taken = 0
  /** Whether the throttle holds this client up. */
  #held = false
  #timer: AbortController | undefined
  /** When the timer ends. */
  #wakeAt = 0

  constructor(server: Server, most: number, time: Time) {
    this.#server = server
    this.#most = most
    this.#time = time
  }

  async take(options: TurnOptions): Promise<Turn> {
    const { signal } = options
    signal.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<Turn>()
    const waiter = { ...options, resolve, reject }
    const abort = () => {
      this.#remove(waiter)
      reject(signal.reason)
    }
    signal.addEventListener('abort', abort)
    this.#waiters.push(waiter)
    const now = this.#time.now()
    // Later requests cannot overtake those that wait.
    if (this.#timer) this.#dismiss(now, Math.max(0, this.#wakeAt - now))
    else this.#admit()
    try {
      return await promise
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  fail(failure: Failure): Readonly<ServerState> {
    this.#lastFailure = failure
    return this.#server.update(state => {
      recordFailure(state, failure.status ?? 0, this.#time.now())
      return { ...state }
    })
  }

  failureOf({ lastStatus }: Readonly<ServerState>): Failure | undefined {
    return this.#lastFailure?.status === (lastStatus || undefined) ? this.#lastFailure : undefined
  }

  progress(): void {
    this.#server.update(recordProgress)
  }

  isFailing(): boolean {
    return this.#server.read().failingSince > 0
  }

  /** Gives turns to those who wait, as many as there are. */
  #admit(): void {
    this.#timer?.abort()
    this.#timer = undefined
    while (this.#waiters.length > 0 && this.#taken < this.#most) {
      const now = this.#time.now()
      const wait = this.#server.update(state => takeTurn(state, now))
      if (wait === 0) {
        this.#hold(false)
        this.#taken++
        this.#waiters.shift()!.resolve(this.#turn(now))
        continue
      }
      this.#hold(true)
      this.#dismiss(now, wait ?? 0)
      if (this.#waiters.length > 0) this.#admitIn(wait ?? POLL)
      break
    }
    if (this.#waiters.length === 0) this.#hold(false)
  }

  /** Rejects those who may not wait for so long. */
  #dismiss(now: number, wait: number): void {
    const server = this.#server.read()
    if (server.failingSince === 0) return
    const failing = failingFor(server, now)
    for (const waiter of [...this.#waiters]) {
      if (failing + wait < waiter.patience(server)) continue
      this.#remove(waiter)
      waiter.reject(new OverdueError(server, failing))
    }
  }

  /** Clients that wait for the same server come in any order, so that none is always the last. */
  #admitIn(wait: number): void {
    const others = this.#server.read().waiting > 1
    this.#timer?.abort()
    const delay = wait + (others ? Math.random() * Math.min(POLL, wait / 10) : 0)
    const timer = new AbortController()
    this.#timer = timer
    this.#wakeAt = this.#time.now() + delay
    this.#time.sleep(Math.ceil(delay), timer.signal).then(
      () => this.#timer === timer && this.#admit(),
      () => {},
    )
  }

  #turn(sentAt: number): Turn {
    let over = false
    const end = (record: (state: ServerState, now: number) => void) => {
      if (over) return
      over = true
      this.#taken--
      const now = this.#time.now()
      const waiting = this.#server.update(state => {
        record(state, now)
        endTurn(state, now)
        return state.waiting
      })
      if (this.#held && waiting > 1) this.#admitIn(Math.random() * POLL)
      else this.#admit()
    }
    return {
      succeed: () => end(recordSuccess),
      refuse: retryAfter => end((state, now) => recordRefusal(state, sentAt, now, retryAfter)),
      end: () => end(() => {}),
    }
  }

  #remove(waiter: Waiter): void {
    const at = this.#waiters.indexOf(waiter)
    if (at >= 0) this.#waiters.splice(at, 1)
    if (this.#waiters.length > 0) return
    this.#timer?.abort()
    this.#timer = undefined
    this.#hold(false)
  }

  #hold(held: boolean): void {
    if (this.#held === held) return
    this.#held = held
    this.#server.update(state => {
      state.waiting += held ? 1 : -1
    })
  }
}
