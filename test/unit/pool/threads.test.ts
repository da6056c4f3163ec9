import { threadId } from 'node:worker_threads'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startThreads, type Threads } from '../../../src/pool/index.ts'

const never = new AbortController().signal

const start = (count: number) => {
  const threads = startThreads(new URL('./jobs.ts', import.meta.url), count)
  onTestFinished(() => threads.stop())
  return threads
}

/** Starts a job that hangs, and waits until it does. What becomes of it is in `outcome`. */
async function hang(threads: Threads, signal: AbortSignal) {
  const started = new SharedArrayBuffer(4)
  const outcome = threads.run('hang', started, signal).then(
    () => 'ended',
    (error: Error) => error.name,
  )
  const wait = Atomics.waitAsync(new Int32Array(started), 0, 0)
  if (wait.async) await wait.value
  return { outcome }
}

describe('threads', () => {
  it('run jobs elsewhere, on no more threads than asked for', async () => {
    const threads = start(2)
    const ids = await Promise.all(Array.from({ length: 20 }, () => threads.run<number>('whichThread', null, never)))
    expect(ids).not.toContain(threadId)
    expect(new Set(ids).size).toBeLessThanOrEqual(2)
  })

  it('reject with what a job throws', async () => {
    await expect(start(1).run('fail', null, never)).rejects.toThrow('on purpose')
  })

  it('reject a job that is aborted, though it hangs', async () => {
    const controller = new AbortController()
    const { outcome } = await hang(start(1), controller.signal)
    controller.abort()
    expect(await outcome).toBe('AbortError')
  })

  it('stop while a job hangs', async () => {
    const threads = start(1)
    const { outcome } = await hang(threads, never)
    await threads.stop()
    expect(await outcome).not.toBe('ended')
  })
})
