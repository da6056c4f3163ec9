/** Jobs for threads.test.ts. */
import { threadId } from 'node:worker_threads'
import { NarFileError } from '../../../src/nar-file/index.ts'
import { serveJobs } from '../../../src/pool/index.ts'

/** Says that it is there, and then never ends. */
function hang(started: SharedArrayBuffer): void {
  const word = new Int32Array(started)
  Atomics.store(word, 0, 1)
  Atomics.notify(word, 0)
  for (;;) Atomics.wait(word, 0, 1)
}

/** What a job may throw, by name. */
const FAULTS: Record<string, () => unknown> = {
  ours: () =>
    new NarFileError('NAR_FILE_MISSING', '/nix/store/x', 'https://cache/x', 'no such file', {
      cause: Object.assign(new RangeError('deep'), { offset: 7 }),
      elsewhere: ['there'],
    }),
  builtIn: () => new RangeError('on purpose'),
  system: () => Object.assign(new Error('ENOENT: …'), { code: 'ENOENT', errno: -2, syscall: 'open', path: '/x' }),
  foreign: () => Object.assign(new (class OtherError extends Error {})('other'), { name: 'OtherError', host: 'h' }),
  several: () => new AggregateError([new TypeError('one'), new Error('two')], 'both'),
  aborted: () => AbortSignal.abort().reason,
  circular: () => {
    const error = new Error('round')
    error.cause = error
    return Object.assign(error, { call: () => {}, list: [1, () => {}, { a: 1 }] })
  },
  text: () => 'just text',
}

serveJobs({
  hang,
  whichThread: () => threadId,
  fail(fault: string) {
    throw FAULTS[fault]()
  },
  end: (code: number) => process.exit(code),
  faultLater() {
    setImmediate(() => {
      throw new Error('later')
    })
    return new Promise(() => {})
  },
  unsendable: () => () => {},
  whatIsLoaded: () => (globalThis as { loaded?: number }).loaded,
})
