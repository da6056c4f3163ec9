import { endTurn, recordRefusal, recordSuccess, type ServerState, takeTurn } from '../../../src/throttle/index.ts'
import { createThrottle, openServer } from '../../../src/throttle/memory.ts'

/** A server: whether it answers a request that arrives at a time, and how many milliseconds it takes. */
export type SimulatedServer = (now: number) => { readonly answers: boolean; readonly takes: number }

/** What `limit_req` of nginx does (nginx: src/http/modules/ngx_http_limit_req_module.c): a leaky bucket. */
export function limitRate(perSecond: number, burst: number, delays: boolean): SimulatedServer {
  let excess = 0
  let last: number | undefined
  return time => {
    const now = Math.floor(time)
    const next = last === undefined ? 0 : Math.max(0, excess - (perSecond * (now - last)) / 1000 + 1)
    if (next > burst) return { answers: false, takes: 0 }
    excess = next
    last = now
    return { answers: true, takes: delays ? (excess * 1000) / perSecond : 0 }
  }
}

/** What `limit_conn` does to requests that take a while. */
export function limitConnections(most: number, takes: number): SimulatedServer {
  let ends: number[] = []
  return now => {
    ends = ends.filter(end => end > now)
    if (ends.length >= most) return { answers: false, takes: 0 }
    ends.push(now + takes)
    return { answers: true, takes }
  }
}

export interface SimulationOptions {
  readonly requests: number
  /** Milliseconds to the server and back. */
  readonly roundTrip: number
  readonly server: SimulatedServer
  /** Told the state after every answer or refusal. */
  readonly watch?: (state: Readonly<ServerState>, now: number) => void
}

/** Sends requests by the rules until all are answered, with timers that are up to a millisecond late. */
export function simulate({ requests, roundTrip, server, watch = () => {} }: SimulationOptions) {
  const state = { ...openServer(createThrottle(), 'http://simulated').read() } as ServerState
  const events: { readonly at: number; readonly run: () => void }[] = []
  const schedule = (at: number, run: () => void) => events.push({ at, run })
  const began = 1000
  let [now, left, refusals, timer] = [began, requests, 0, false]
  const send = () => {
    const sentAt = now
    schedule(now + roundTrip / 2, () => {
      const { answers, takes } = server(now)
      schedule(now + takes + roundTrip / 2, () => {
        if (answers) recordSuccess(state, now)
        else {
          refusals++
          left++
          recordRefusal(state, sentAt, now)
        }
        endTurn(state, now)
        watch(state, now)
        admit()
      })
    })
  }
  const admit = () => {
    while (left > 0 && state.inFlight < 25) {
      const wait = takeTurn(state, now)
      if (wait === 0) {
        left--
        send()
        continue
      }
      if (wait !== undefined && !timer) {
        timer = true
        schedule(now + Math.ceil(wait) + Math.random(), () => {
          timer = false
          admit()
        })
      }
      return
    }
  }
  admit()
  while (events.length > 0) {
    const next = events.reduce((a, b) => (b.at < a.at ? b : a))
    events.splice(events.indexOf(next), 1)
    now = next.at
    next.run()
  }
  return { milliseconds: now - began, refusals, state }
}
