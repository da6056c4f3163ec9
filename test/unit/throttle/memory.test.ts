import { once } from 'node:events'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { createThrottle, openServer, roomAt } from '../../../src/throttle/index.ts'

describe('the memory of a throttle', () => {
  it('keeps servers apart, and is the same for all who open it', () => {
    const memory = createThrottle()
    const origins = ['http://a', 'https://a', 'http://a:81', 'http://b']
    for (const [i, origin] of origins.entries()) {
      openServer(memory, origin).update(state => {
        state.window = i + 1
      })
    }
    expect(origins.map(origin => openServer(memory, origin).read().window)).toEqual([1, 2, 3, 4])
    expect(openServer(createThrottle(), 'http://a').read().window).toBe(0)
  })

  it('has records for more servers than it has places', () => {
    const memory = createThrottle()
    for (let i = 0; i < 200; i++) openServer(memory, `http://${i}`).update(state => state.failures++)
    expect(openServer(memory, 'http://0').read().failures).toBeGreaterThanOrEqual(1)
    expect(openServer(memory, 'http://199').read().failures).toBeGreaterThanOrEqual(1)
  })

  it('loses no update of several threads', async () => {
    const memory = createThrottle()
    const workers = Array.from({ length: 4 }, () => {
      const url = new URL('./throttle-worker.ts', import.meta.url)
      return new Worker(url, { workerData: { memory, count: 5000 } })
    })
    await Promise.all(workers.map(worker => once(worker, 'message')))
    const { successes, window } = openServer(memory, 'https://cache.example').read()
    expect([successes, window]).toEqual([20_000, 10_000])
  })

  it('goes on, and loses no update, while threads are terminated at any moment', async () => {
    const memory = createThrottle()
    const server = openServer(memory, 'https://cache.example')
    const url = new URL('./throttle-worker.ts', import.meta.url)
    let updates = 0
    for (let round = 0; round < 6; round++) {
      const workerData = { memory, count: Number.POSITIVE_INFINITY }
      const workers = Array.from({ length: 3 }, () => new Worker(url, { workerData }))
      await Promise.all(workers.map(worker => once(worker, 'online')))
      const before = server.read().successes
      while (server.read().successes === before) await setImmediate()
      let running = workers.length
      for (const worker of workers) {
        await setTimeout(Math.random() * 10)
        void worker.terminate().then(() => running--)
        do {
          server.update(state => state.failures++)
          updates++
          await setImmediate()
        } while (running > 0 && updates % 100 !== 0)
      }
      await Promise.all(workers.map(worker => worker.terminate()))
    }
    expect(server.read().failures).toBe(updates)
  })

  it('does without a thread that never gives the lock back', () => {
    const memory = createThrottle()
    const server = openServer(memory, 'http://a')
    new Int32Array(memory)[0] = -1
    server.update(state => state.failures++)
    expect(server.read().failures).toBe(1)
  })
})

describe('roomAt', () => {
  it.each([
    [0, Number.POSITIVE_INFINITY],
    [1, 0],
    [1.9, 0],
    [4.2, 3],
  ])('leaves a place of the window to the file that is needed: %f', (window, room) => {
    const memory = createThrottle()
    openServer(memory, 'http://a').update(state => {
      state.window = window
    })
    expect(roomAt(memory, 'http://a')).toBe(room)
  })
})
