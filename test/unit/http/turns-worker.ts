import { setTimeout } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { openQueues } from '../../../src/http/turns.ts'
import type { ThrottleMemory } from '../../../src/throttle/index.ts'

const { throttle, counters, count } = workerData as {
  readonly throttle: ThrottleMemory
  /** Requests under way, and the most that ever were. */
  readonly counters: SharedArrayBuffer
  readonly count: number
}
const words = new Int32Array(counters)
const queue = openQueues(throttle, 25, {
  now: () => performance.timeOrigin + performance.now(),
  sleep: (milliseconds, signal) => setTimeout(milliseconds, undefined, { signal }),
})(new URL('http://cache.example/'))
const { signal } = new AbortController()
let done = 0
await Promise.all(
  Array.from({ length: count }, async () => {
    const turn = await queue.take({ signal, patience: () => Number.POSITIVE_INFINITY })
    const current = Atomics.add(words, 0, 1) + 1
    for (let most = Atomics.load(words, 1); current > most; most = Atomics.load(words, 1)) {
      Atomics.compareExchange(words, 1, most, current)
    }
    await setTimeout(2)
    Atomics.sub(words, 0, 1)
    turn.end()
    done++
  }),
)
parentPort!.postMessage(done)
