import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { threadId } from 'node:worker_threads'
import { describe, expect, it, onTestFinished } from 'vitest'
import { NarFileError } from '../../../src/nar-file/index.ts'
import { offerThreads, startThreads, ThreadError, type Threads } from '../../../src/pool/index.ts'
import { temporaryFolder } from '../../temporary.ts'

const JOBS = new URL('./jobs.ts', import.meta.url)
const never = new AbortController().signal

const start = (count: number, module = JOBS, signal = never) => {
  const threads = startThreads(module, count, signal)
  onTestFinished(() => threads.stop())
  return threads
}

/** What a job rejects with. */
const failure = (job: Promise<unknown>) =>
  job.then(
    () => expect.fail('it did not fail'),
    (error: unknown) => error,
  )

/** Starts a job that hangs, and waits until it does. What becomes of it is in `outcome`. */
async function hang(threads: Threads) {
  const started = new SharedArrayBuffer(4)
  const outcome = failure(threads.run('hang', started))
  const wait = Atomics.waitAsync(new Int32Array(started), 0, 0)
  if (wait.async) await wait.value
  return { outcome }
}

/** Threads of this process, as the kernel counts them. */
const countThreads = () => readdirSync('/proc/self/task').length

describe('threads', () => {
  it('run jobs elsewhere, on no more threads than asked for', async () => {
    const threads = start(2)
    const ids = await Promise.all(Array.from({ length: 20 }, () => threads.run<number>('whichThread', null)))
    expect(ids).not.toContain(threadId)
    expect(new Set(ids).size).toBeLessThanOrEqual(2)
  })

  it.each([
    ['of V8', ['--max-old-space-size=4096', '--expose-gc']],
    ['of the process', ['--title=x', '--stack-trace-limit=50']],
    ['that load modules', ['--import', 'data:text/javascript,globalThis.loaded=7', '--input-type=module']],
    ['that load modules, as one word', ['--input-type', 'module', '--import=data:text/javascript,globalThis.loaded=7']],
  ])('start whatever options Node was given: %s', (_, options) => {
    const program = `
      const { startThreads } = await import(${JSON.stringify(new URL('../../../src/pool/index.ts', import.meta.url).href)})
      const threads = startThreads(new URL(${JSON.stringify(JOBS.href)}), 1, new AbortController().signal)
      console.log(await threads.run('whatIsLoaded', null))
      await threads.stop()`
    const { stdout, stderr } = spawnSync(process.execPath, [...options, '-e', `(async () => {${program}})()`], {
      encoding: 'utf8',
    })
    expect({ stdout, stderr }).toEqual({
      stdout: options.join().includes('loaded') ? '7\n' : 'undefined\n',
      stderr: '',
    })
  })

  it('are started for jobs only, if they are offered', async () => {
    const before = countThreads()
    const threads = offerThreads(JOBS, 3, never)
    expect(countThreads()).toBe(before)
    await threads.run('whichThread', null)
    expect(countThreads()).toBe(before + 1)
    await threads.stop()
    expect(countThreads()).toBe(before)
  })

  it('are started once for jobs that are expected, and no more than are offered', async () => {
    const before = countThreads()
    const threads = offerThreads(JOBS, 3, never)
    threads.expect(2)
    threads.expect(2)
    expect(countThreads()).toBe(before + 2)
    await Promise.all([threads.run('whichThread', null), threads.run('whichThread', null)])
    expect(countThreads()).toBe(before + 2)
    threads.expect(9)
    expect(countThreads()).toBe(before + 3)
    await threads.stop()
    threads.expect(3)
    expect(countThreads()).toBe(before)
  })

  it('reject jobs that are aborted, though they hang, with the reason of the abort, and are gone', async () => {
    const before = countThreads()
    const controller = new AbortController()
    const threads = start(1, JOBS, controller.signal)
    const { outcome } = await hang(threads)
    const next = failure(threads.run('whichThread', null))
    const reason = new Error('enough')
    controller.abort(reason)
    expect([await outcome, await next, await failure(threads.run('whichThread', null))]).toEqual([
      reason,
      reason,
      reason,
    ])
    await threads.stop()
    expect(countThreads()).toBe(before)
  })

  it('never start where the signal is aborted already', async () => {
    const before = countThreads()
    const threads = start(4, JOBS, AbortSignal.abort(new Error('enough')))
    expect(countThreads()).toBe(before)
    await expect(threads.run('whichThread', null)).rejects.toThrow('enough')
  })

  it('stop while a job hangs, and while they are still loading', async () => {
    const before = countThreads()
    const threads = start(1)
    const { outcome } = await hang(threads)
    await threads.stop()
    expect(await outcome).toBeInstanceOf(Error)
    for (let i = 0; i < 20; i++) await startThreads(JOBS, 3, never).stop()
    expect(countThreads()).toBe(before)
  })

  it('reject a job whose task or result cannot be sent, and do the next', async () => {
    const threads = start(1)
    await expect(threads.run('whichThread', () => {})).rejects.toThrow('could not be cloned')
    await expect(threads.run('unsendable', null)).rejects.toThrow('could not be cloned')
    expect(await threads.run('whichThread', null)).toBeTypeOf('number')
  })
})

describe('threads that fail', () => {
  it('to load reject every job with a code, and end no process', async () => {
    const missing = new URL('./there-is-no-such-module.ts', import.meta.url)
    const threads = start(3, missing)
    const error = await failure(threads.run('whichThread', null))
    expect(error).toBeInstanceOf(ThreadError)
    expect(error).toMatchObject({ code: 'THREAD_UNLOADABLE', message: expect.stringContaining('no-such-module') })
    expect(error).toMatchObject({ message: expect.stringMatching(/; if the program is bundled, set workerUrl/) })
    expect(await failure(threads.run('whichThread', null))).toBe(error)
  })

  it('to load while nobody waits for them tell it with the next job', async () => {
    const folder = temporaryFolder()
    const threads = start(1, new URL(`file://${folder}/none.mjs`))
    await new Promise(resolve => setTimeout(resolve, 300))
    await expect(threads.run('whichThread', null)).rejects.toMatchObject({ code: 'THREAD_UNLOADABLE' })
  })

  it('by ending in a job reject it with a code, and all others', async () => {
    const threads = start(2)
    const { outcome } = await hang(threads)
    const ended = await failure(threads.run('end', 3))
    expect(ended).toMatchObject({ code: 'THREAD_ENDED', message: expect.stringContaining('exit code 3') })
    expect(await outcome).toBe(ended)
  })

  it('outside of a job reject it with a code', async () => {
    await expect(start(1).run('faultLater', null)).rejects.toMatchObject({
      code: 'THREAD_ENDED',
      cause: { message: 'later' },
    })
  })
})

describe('an error from a thread', () => {
  const thrown = (fault: string) => failure(start(1).run('fail', fault))

  it('of this library keeps its class, its fields, and its cause with those of its own', async () => {
    const error = (await thrown('ours')) as NarFileError
    expect(error).toBeInstanceOf(NarFileError)
    expect(error.stack).toMatch(/^NarFileError: .*jobs\.ts/s)
    expect({ ...error }).toEqual({
      code: 'NAR_FILE_MISSING',
      path: '/nix/store/x',
      url: 'https://cache/x',
      reason: 'no such file',
      elsewhere: ['there'],
      transient: false,
    })
    expect(error.cause).toBeInstanceOf(RangeError)
    expect(error.cause).toMatchObject({ message: 'deep', offset: 7 })
    expect(Object.keys(error)).not.toContain('cause')
  })

  it('of the language, the system or a package is told as what it is', async () => {
    expect(await thrown('builtIn')).toEqual(new RangeError('on purpose'))
    const fields = { code: 'ENOENT', errno: -2, syscall: 'open', path: '/x' }
    expect(await thrown('system')).toMatchObject({ name: 'Error', message: 'ENOENT: …', ...fields })
    expect(await thrown('foreign')).toMatchObject({ name: 'OtherError', message: 'other', host: 'h' })
    const several = (await thrown('several')) as AggregateError
    expect(several).toBeInstanceOf(AggregateError)
    expect(several.errors).toEqual([new TypeError('one'), new Error('two')])
    expect(await thrown('aborted')).toBeInstanceOf(DOMException)
    expect(await thrown('text')).toBe('just text')
  })

  it('may hold itself, and what cannot be sent', async () => {
    expect(await thrown('circular')).toMatchObject({ message: 'round', list: [1, { a: 1 }] })
  })
})
