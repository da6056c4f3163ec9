import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { OverdueError, openQueues, type Time, type Turn } from '../../../src/http/turns.ts'
import { createThrottle, openServer } from '../../../src/throttle/index.ts'

const SERVER = new URL('http://cache.example/')
const time: Time = {
  now: () => performance.now(),
  sleep: (milliseconds, signal) => setTimeout(milliseconds, undefined, { signal }),
}
const never = new AbortController().signal
const WILLING = { signal: never, patience: () => Number.POSITIVE_INFINITY }

/** A throttle with a window of so many requests. */
function throttleWith(window: number) {
  const memory = createThrottle()
  openServer(memory, SERVER.origin).update(state => {
    state.window = window
  })
  return memory
}

describe('turns', () => {
  it('are given in the order in which they were asked for, as many as the window has', async () => {
    const queue = openQueues(throttleWith(3), 25, time)(SERVER)
    const given: number[] = []
    const turns: Turn[] = []
    const all = Array.from({ length: 20 }, async (_, i) => {
      const turn = await queue.take(WILLING)
      given.push(i)
      turns.push(turn)
    })
    for (let ended = 0; ended < 20; ended++) {
      while (turns.length === 0) await setTimeout(1)
      expect(given.length - ended).toBeLessThanOrEqual(3)
      turns.shift()!.end()
    }
    await Promise.all(all)
    expect(given).toEqual(given.map((_, i) => i))
  })

  it('are at most as many as a client has connections', async () => {
    const queue = openQueues(createThrottle(), 2, time)(SERVER)
    const first = await queue.take(WILLING)
    await queue.take(WILLING)
    let isGiven = false
    const third = queue.take(WILLING).then(() => {
      isGiven = true
    })
    await setTimeout(20)
    expect(isGiven).toBe(false)
    first.succeed()
    await third
  })

  it('of another server do not wait', async () => {
    const queueOf = openQueues(throttleWith(1), 25, time)
    await queueOf(SERVER).take(WILLING)
    await queueOf(new URL('http://other.example/')).take(WILLING)
  })

  it('are not waited for by those who gave up', async () => {
    const queue = openQueues(throttleWith(1), 25, time)(SERVER)
    const first = await queue.take(WILLING)
    const controller = new AbortController()
    const second = queue.take({ ...WILLING, signal: controller.signal })
    const third = queue.take(WILLING)
    controller.abort(new Error('enough'))
    await expect(second).rejects.toThrow('enough')
    first.end()
    await third
  })

  it('are refused to those who have no patience with a server that fails', async () => {
    const queue = openQueues(throttleWith(1), 25, time)(SERVER)
    const first = await queue.take(WILLING)
    queue.fail({ code: 'HTTP_STATUS', reason: 'busy', advice: 'wait', transient: true, status: 503 })
    const patient = queue.take(WILLING)
    await expect(queue.take({ ...WILLING, patience: () => 0 })).rejects.toThrow(OverdueError)
    first.end()
    await patient
  })

  it('are waited for by those who were stopped for long after a failure', async () => {
    let now = 1000
    const queue = openQueues(throttleWith(1), 25, { ...time, now: () => now })(SERVER)
    const failure = { code: 'HTTP_STATUS', reason: 'busy', advice: 'wait', transient: true, status: 503 } as const
    const options = { signal: never, patience: () => 180_000 }
    const first = await queue.take(options)
    queue.fail(failure)
    now += 600_000
    const second = queue.take(options)
    queue.fail(failure)
    const third = queue.take(options)
    first.end()
    for (const turn of [second, third]) (await turn).end()
  })

  it('are not waited for any more when a server has failed for long, asked again and again', async () => {
    let now = 1000
    const queue = openQueues(throttleWith(1), 25, { ...time, now: () => now })(SERVER)
    await queue.take(WILLING)
    for (let i = 0; i <= 10; i++) {
      queue.fail({ code: 'HTTP_STATUS', reason: 'busy', advice: 'wait', transient: true, status: 503 })
      now += 20_000
    }
    await expect(queue.take({ signal: never, patience: () => 180_000 })).rejects.toThrow(OverdueError)
  })

  it('are shared by clients, none of which starves', async () => {
    const memory = throttleWith(1)
    const counts = [0, 0, 0]
    let [current, most] = [0, 0]
    const until = performance.now() + 1000
    await Promise.all(
      counts.map(async (_, i) => {
        const queue = openQueues(memory, 25, time)(SERVER)
        const work = async () => {
          while (performance.now() < until) {
            const turn = await queue.take(WILLING)
            current++
            most = Math.max(most, current)
            await setTimeout(1)
            current--
            counts[i]++
            turn.end()
          }
        }
        await Promise.all([work(), work(), work()])
      }),
    )
    expect(most).toBe(1)
    expect(Math.min(...counts)).toBeGreaterThan(Math.max(...counts) / 10)
  })

  it('are shared by threads', async () => {
    const throttle = throttleWith(2)
    const counters = new SharedArrayBuffer(8)
    const workers = Array.from({ length: 2 }, () => {
      const url = new URL('./turns-worker.ts', import.meta.url)
      return new Worker(url, { workerData: { throttle, counters, count: 30 } })
    })
    const ends = await Promise.all(workers.map(worker => once(worker, 'message')))
    expect(ends).toEqual([[30], [30]])
    const [current, most] = new Int32Array(counters)
    expect(current).toBe(0)
    expect(most).toBeLessThanOrEqual(2)
    const { inFlight, waiting } = openServer(throttle, SERVER.origin).read()
    expect([inFlight, waiting]).toEqual([0, 0])
  })
})
