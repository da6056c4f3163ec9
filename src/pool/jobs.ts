/** The messages between the two sides of a worker thread. One job is under way at a time. */
import { parentPort } from 'node:worker_threads'
import { packError, type Sent } from './sent-error.ts'

/** The first message of a thread, when all is loaded. */
export const READY = 'ready'

/** A request to a thread. */
export interface Request {
  readonly job: string
  readonly task: unknown
}

/** The outcome of a request. */
export type Reply = { readonly value: unknown } | { readonly error: Sent }

/**
 * Does the jobs of the thread that started this one, by the names of the functions, once `loading` resolves. If it rejects, the
 * thread ends as one that cannot be loaded.
 */
export async function serveJobs(
  jobs: Readonly<Record<string, (task: never) => unknown>>,
  loading?: Promise<unknown>,
): Promise<void> {
  const port = parentPort
  if (!port) throw new Error('this module is for worker threads, and runs on none')
  port.on('message', async ({ job, task }: Request) => {
    try {
      port.postMessage({ value: await jobs[job](task as never) } satisfies Reply)
    } catch (error) {
      port.postMessage({ error: packError(error) } satisfies Reply)
    }
  })
  await loading
  port.postMessage(READY)
}
