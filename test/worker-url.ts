/** Stands in for `src/produce/worker-url.ts` in all tests (vitest.config.ts): threads run the bundle unless told otherwise. */
import { join } from 'node:path'
import { inject } from 'vitest'
import { workerUrlOf as chosen } from '../src/produce/worker-url.ts'

export function workerUrlOf(workerUrl: string | URL | undefined): URL {
  return chosen(workerUrl ?? join(inject('bundle'), 'worker.js'))
}
