/** Jobs for threads.test.ts. */
import { threadId } from 'node:worker_threads'

export const whichThread = () => threadId

export function fail(): never {
  throw new RangeError('on purpose')
}

/** Says that it is there, and then never ends. */
export function hang(started: SharedArrayBuffer): void {
  const word = new Int32Array(started)
  Atomics.store(word, 0, 1)
  Atomics.notify(word, 0)
  for (;;) Atomics.wait(word, 0, 1)
}
