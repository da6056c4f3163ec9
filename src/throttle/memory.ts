/**
 * The state of all servers that the clients of a process ask, in memory that they share: a limit of a server is
 * for all worker threads together.
 *
 *     lock        two 32-bit words: the ticket of the thread that holds it, for microseconds, and the last ticket
 *     servers     records of 64-bit floats: a key made of the origin, then the fields of the state
 */
import { createHash } from 'node:crypto'
import type { ServerState } from './congestion.ts'

/** Can be posted to another thread. */
export type ThrottleMemory = SharedArrayBuffer

/** A server as its clients know it. */
export interface Server {
  /** Changes what is known, while no other thread does. */
  update<T>(change: (state: ServerState) => T): T
  /** The current state. */
  read(): Readonly<ServerState>
}

const FIRST: Readonly<ServerState> = {
  window: 0,
  inFlight: 0,
  interval: 0,
  refusedInterval: 0,
  backoff: 0,
  nextAt: 0,
  retryAt: 0,
  paced: 0,
  slowedAt: 0,
  successes: 0,
  measuredFrom: 0,
  idleSince: 0,
  answered: 0,
  refused: 0,
  loss: 0,
  probing: 0,
  probeIn: 0,
  probePause: 0,
  reached: 0,
  failingSince: 0,
  failedAt: 0,
  failures: 0,
  lastStatus: 0,
  waiting: 0,
}
const FIELDS = Object.keys(FIRST) as readonly (keyof ServerState)[]

/** Far more than a build has; where there are more, some share a record. */
const SERVERS = 64
const LOCK_SIZE = 8
const RECORD_LENGTH = 1 + FIELDS.length

/** Allocates memory in which nothing is known of any server. */
export function createThrottle(): ThrottleMemory {
  return new SharedArrayBuffer(LOCK_SIZE + SERVERS * RECORD_LENGTH * Float64Array.BYTES_PER_ELEMENT)
}

/**
 * Allocates memory in which the same is known, but no request is under way: the threads that sent those may have been
 * terminated, and their turns would never end.
 */
export function inheritThrottle(memory: ThrottleMemory): ThrottleMemory {
  const inherited = createThrottle()
  const values = valuesIn(inherited)
  withLock(lockIn(memory), () => values.set(valuesIn(memory)))
  for (let at = 0; at < values.length; at += RECORD_LENGTH) {
    const state = stateIn(values.subarray(at + 1, at + RECORD_LENGTH))
    state.inFlight = 0
    state.waiting = 0
  }
  return inherited
}

/** Opens the record of the server with this origin (scheme, host and port). */
export function openServer(memory: ThrottleMemory, origin: string): Server {
  const lock = lockIn(memory)
  const values = valuesIn(memory)
  const record = withLock(lock, () => findRecord(values, keyOf(origin)))
  const state = stateIn(record)
  return {
    read: () => ({ ...FIRST, ...state }),
    update: change => withLock(lock, () => change(state)),
  }
}

function lockIn(memory: ThrottleMemory): Int32Array {
  return new Int32Array(memory, 0, 2)
}

function valuesIn(memory: ThrottleMemory): Float64Array {
  return new Float64Array(memory, LOCK_SIZE)
}

/** The fields of a record as an object; copying all of them to and fro took 5 % of the time of a request. */
function stateIn(record: Float64Array): ServerState {
  const fields = FIELDS.map((field, i): [string, PropertyDescriptor] => [
    field,
    {
      enumerable: true,
      get: () => record[i],
      set: (value: number) => {
        record[i] = value
      },
    },
  ])
  return Object.defineProperties({ ...FIRST }, Object.fromEntries(fields))
}

/** 48 bits, so that it is a number; never 0. */
function keyOf(origin: string): number {
  return 1 + createHash('sha256').update(origin).digest().readUIntBE(0, 6)
}

/** The fields of the record with this key. A new one gets the first free place from where its key leads. */
function findRecord(values: Float64Array, key: number): Float64Array {
  for (let i = 0; i < SERVERS; i++) {
    const at = ((key + i) % SERVERS) * RECORD_LENGTH
    if (values[at] === 0) values[at] = key
    if (values[at] === key) return values.subarray(at + 1, at + RECORD_LENGTH)
  }
  const at = (key % SERVERS) * RECORD_LENGTH
  return values.subarray(at + 1, at + RECORD_LENGTH)
}

const HOLDER = 0
const LAST_TICKET = 1

/** A thread that is terminated while it holds the lock never releases it: after this many milliseconds, another takes it. */
const ABANDONED = 1000

/** Milliseconds of one wait: a thread that is terminated as it is woken takes the call with it, and others see nothing. */
const WAIT = 2

function withLock<T>(lock: Int32Array, work: () => T): T {
  const ticket = Atomics.add(lock, LAST_TICKET, 1) + 1
  for (let seen = 0, since = 0; ; ) {
    const holder = Atomics.compareExchange(lock, HOLDER, 0, ticket)
    if (holder === 0) break
    const now = performance.now()
    if (holder !== seen) {
      seen = holder
      since = now
    } else if (now - since >= ABANDONED && Atomics.compareExchange(lock, HOLDER, holder, ticket) === holder) break
    Atomics.wait(lock, HOLDER, holder, WAIT)
  }
  try {
    return work()
  } finally {
    Atomics.compareExchange(lock, HOLDER, ticket, 0)
    Atomics.notify(lock, HOLDER, 1)
  }
}
