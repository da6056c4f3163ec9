/**
 * How fast a server is asked. Two limits apply together:
 *
 *     window      requests in flight: a success adds 1/window, a refusal halves it (AIMD, as in RFC 5681)
 *     interval    time between requests: a limit on their rate is not felt by a window where answers come at once
 *
 * While the server refuses everything, the interval doubles each time (`backoff`). These are the pure rules; all times
 * are in milliseconds of one clock.
 */

/** The state of a server. Numbers only, and all 0 at first: it lies in shared memory. */
export interface ServerState {
  /** Requests that may await their answers; 0: any number. */
  window: number
  /** Requests that await their answers. */
  inFlight: number
  /** Milliseconds between requests; 0: none. */
  interval: number
  /** The interval at which the server last refused a request; 0: unknown. */
  refusedInterval: number
  /** Milliseconds between requests while every request is refused; 0: the last one was answered. */
  backoff: number
  /** When the next request may be sent. */
  nextAt: number
  /** Until when the server asked to be left alone. */
  retryAt: number
  /** Whether the last request waited for the interval, not for the window, as 1 or 0. */
  paced: number
  /** When requests last became slower: refusals of those sent before count no more. */
  slowedAt: number
  /** Successes since then. */
  successes: number
  /** Since when these are counted, without the time in which nothing was in flight. */
  measuredFrom: number
  idleSince: number
  /** Outcomes since the window last shrank, or since a probe began. */
  answered: number
  refused: number
  /** The share of refusals, as a moving average. */
  loss: number
  /** The interval before a probe; 0: no probe is under way. */
  probing: number
  /** Outcomes until the next probe, and between the last one that failed and its next. */
  probeIn: number
  probePause: number
  /** Whether the server ever answered, as 1 or 0. */
  reached: number
  /** The first failure since the last success; 0: there is none. */
  failingSince: number
  /** The last failure since then. */
  failedAt: number
  /** Failures since the last success. */
  failures: number
  /** The status of the last failure; 0: there was no answer. */
  lastStatus: number
  /** Clients with requests that wait for their turn. */
  waiting: number
}

/** The interval after a refusal that came too early to tell how fast the server is. */
const FIRST_INTERVAL = 5

/** Timers cannot keep a shorter interval. */
const SHORTEST_INTERVAL = 0.5

/** Timers are a few milliseconds late: at intervals shorter than this, lost time is made up for. */
const TIMER_SLACK = 4

const LONGEST_BACKOFF = 5_000

/**
 * Connections of one client to a server, as many as Nix opens (nix: src/libstore/filetransfer.hh, http-connections). Requests that
 * are more than these wait for a connection, too.
 */
export const CONNECTIONS = 25

/** A window of this size limits nothing any more. */
const WINDOW_MAX = 256

/** Outcomes between two decreases of the window, unless most requests are refused. */
const ENOUGH = 10

/** A larger share of refusals than a paced client meets at a limit: is it the rate at all, or chance? A probe tells. */
const CHANCE = 0.12

/** Outcomes after a failed probe before the next; twice as many after every further failure. */
const PROBE_PAUSE = 64

/** Milliseconds between two failures while a server is asked: what an attempt takes, and a pause. */
const BETWEEN_FAILURES = 30_000

/** Outcomes that the moving average of the loss is about. */
const LOSS_MEMORY = 32

/**
 * Takes a turn to send a request. Returns 0 if it has it; otherwise the milliseconds until it may try again, or
 * `undefined` if a request in flight has to end first.
 */
export function takeTurn(state: ServerState, now: number): number | undefined {
  if (state.window > 0 && state.inFlight >= Math.floor(state.window)) {
    state.paced = 0
    return undefined
  }
  const wait = Math.max(state.retryAt, state.nextAt) - now
  if (wait > 0) {
    state.paced = 1
    return wait
  }
  const spacing = state.backoff > 0 ? state.backoff * (0.75 + Math.random() / 2) : state.interval
  const slack = state.interval < TIMER_SLACK ? TIMER_SLACK : 0
  state.nextAt = Math.max(state.nextAt, now - slack) + spacing
  if (state.measuredFrom === 0) state.measuredFrom = now
  else if (state.inFlight === 0) state.measuredFrom += now - state.idleSince
  state.inFlight++
  return 0
}

/** Ends a turn: the request has its answer, or never will. */
export function endTurn(state: ServerState, now: number): void {
  state.inFlight = Math.max(0, state.inFlight - 1)
  state.idleSince = now
}

/** Records that a request was answered: the next ones may come a little faster. */
export function recordSuccess(state: ServerState, now: number): void {
  state.failingSince = 0
  state.failures = 0
  state.reached = 1
  state.successes++
  state.answered++
  recordOutcome(state, 0)
  if (state.probing > 0) judgeProbe(state, now)
  if (state.window > 0) state.window += 1 / state.window
  if (state.window >= WINDOW_MAX) state.window = 0
  if (state.backoff > 0) endBackoff(state, now)
  // A request that the interval did not hold up tells nothing about it.
  if (state.paced === 1 || state.refusedInterval === 0) state.interval *= stepOf(state)
  if (state.interval < SHORTEST_INTERVAL) state.interval = 0
}

/** The first success after refusals only. They gave no rate: the search for it starts here, in large steps. */
function endBackoff(state: ServerState, now: number): void {
  if (state.backoff / 2 > state.interval) {
    state.interval = state.backoff / 2
    state.refusedInterval = 0
  }
  state.backoff = 0
  state.nextAt = Math.min(state.nextAt, now + state.interval)
}

/** The interval after a success: large steps where no limit is known to be near, small ones near a limit. */
function stepOf({ interval, refusedInterval }: ServerState): number {
  if (refusedInterval === 0) return 0.5
  if (interval > 1.05 * refusedInterval) return 0.95
  return interval > 0.95 * refusedInterval ? 0.998 : 0.9
}

/**
 * Records that a request was refused which was sent at `sentAt`: the next ones come slower, once for all that were in
 * flight together. `retryAfter` are milliseconds for which the server asks to be left alone.
 */
export function recordRefusal(state: ServerState, sentAt: number, now: number, retryAfter = 0): void {
  state.retryAt = Math.max(state.retryAt, now + retryAfter)
  if (sentAt < state.slowedAt) return
  state.refused++
  recordOutcome(state, 1)
  if (state.probing > 0) {
    judgeProbe(state, now)
    return
  }
  slowDown(state, now)
  const { answered, refused } = state
  const mostly = answered === 0 || (answered + refused >= 4 && refused >= answered)
  if (state.probing === 0 && (mostly || answered + refused >= ENOUGH)) shrinkWindow(state, mostly ? 0.5 : 0.75)
}

/** A client that was never limited may have far more in flight than the server takes: the first share is a half. */
function shrinkWindow(state: ServerState, share: number): void {
  const used = Math.min(state.window || CONNECTIONS, state.inFlight)
  state.window = Math.max(1, used * (state.window === 0 ? 0.5 : share))
  state.answered = 0
  state.refused = 0
}

function slowDown(state: ServerState, now: number): void {
  const { interval, successes } = state
  if (interval === 0) {
    const rate = successes < ENOUGH ? FIRST_INTERVAL : (now - state.measuredFrom) / successes
    state.interval = Math.max(rate, SHORTEST_INTERVAL)
    state.refusedInterval = 0
  } else if (successes === 0) {
    state.backoff = Math.min(LONGEST_BACKOFF, 2 * Math.max(state.backoff, interval))
  } else if (state.loss > CHANCE && state.probeIn <= 0 && state.paced === 1) {
    // Twice as fast for a while. If no more is refused than before, the rate is not the reason.
    state.probing = interval
    state.interval = interval / 2
    state.refusedInterval = state.interval
    state.answered = 0
    state.refused = 0
  } else {
    state.refusedInterval = interval
    state.interval = interval * (successes < 3 ? 1.4 : successes < ENOUGH ? 1.2 : 1.1 + Math.random() / 10)
  }
  beginMeasuring(state, now)
}

/** Ends a probe once it is clear whether more is refused than before. If it is, the limit is real. */
function judgeProbe(state: ServerState, now: number): void {
  const { answered, refused, probing } = state
  const failed = refused >= ENOUGH / 3 && 2 * refused >= answered
  if (!failed && answered + refused < ENOUGH) return
  state.probing = 0
  state.probePause = failed ? Math.max(PROBE_PAUSE, 2 * state.probePause) : 0
  state.probeIn = state.probePause
  if (!failed) return
  state.refusedInterval = probing
  state.interval = 1.1 * probing
  state.loss = 0
  beginMeasuring(state, now)
}

function beginMeasuring(state: ServerState, now: number): void {
  state.nextAt = Math.max(state.nextAt, now + (state.backoff || state.interval))
  state.slowedAt = now
  state.measuredFrom = now
  state.successes = 0
}

function recordOutcome(state: ServerState, loss: 0 | 1): void {
  state.loss += (loss - state.loss) / LOSS_MEMORY
  state.probeIn = Math.max(0, state.probeIn - 1)
}

/** Records a failure of any kind that may pass. `status` is 0 where there was no answer. */
export function recordFailure(state: ServerState, status: number, now: number): void {
  state.failures++
  state.lastStatus = status
  if (status > 0) state.reached = 1
  if (state.failingSince === 0) state.failingSince = now
  else state.failingSince += unaskedFor(state, now)
  state.failedAt = now
}

/** Milliseconds for which the server fails, without those in which nobody asked it: its clients may have been stopped. */
export function failingFor(state: Readonly<ServerState>, now: number): number {
  return state.failingSince === 0 ? 0 : now - state.failingSince - unaskedFor(state, now)
}

function unaskedFor({ failedAt, nextAt, retryAt }: Readonly<ServerState>, now: number): number {
  return Math.max(0, now - Math.max(failedAt, nextAt, retryAt) - BETWEEN_FAILURES)
}

/** Records that bytes arrive, whatever became of other requests. */
export function recordProgress(state: ServerState): void {
  state.failingSince = 0
  state.failures = 0
}
