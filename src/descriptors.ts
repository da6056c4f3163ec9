import { open } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { isMainThread } from 'node:worker_threads'
import { NspawnRootfsError, nameErrors } from './nspawn-rootfs-error.ts'

/** No file descriptor became free in time. */
export class DescriptorsError extends NspawnRootfsError<'DESCRIPTORS_EXHAUSTED'> {
  constructor(message: string, options?: ErrorOptions) {
    super('DESCRIPTORS_EXHAUSTED', message, options)
  }
}

nameErrors(DescriptorsError, 'DescriptorsError')

/**
 * Enough for any build: 40 for Node and one thread, 7 for each further one, and 25 connections for each server.
 * Builds wait for each other's descriptors long before, and need some 40.
 */
const ENOUGH = 256

/** Milliseconds for which a descriptor is waited for. */
const PATIENCE = 30_000

/** The same where the wait blocks the main thread, and whatever else the program does there. */
const PATIENCE_OF_MAIN_THREAD = 1_000

/** The same once a wait was in vain: what clears up then need not wait for as long again. */
const PATIENCE_AFTERWARDS = 1_000

const FIRST_PAUSE = 10
const LONGEST_PAUSE = 250

let wasInVain = false

/** That all files are open that may be (open(2)), and what to do about it, in words. */
export interface DescriptorShortage {
  readonly reason: string
  readonly advice: string
}

/** Why a call failed, if it is for want of a descriptor; otherwise `undefined`. */
export function descriptorShortage(error: unknown): DescriptorShortage | undefined {
  if (!(error instanceof Error)) return undefined
  const { code, message, cause } = error as NodeJS.ErrnoException
  if (code === 'ENFILE') {
    const reason = 'this machine has as many files open as it may'
    return { reason, advice: 'close some, or allow more (sysctl fs.file-max)' }
  }
  // Of threads and modules that cannot be loaded, Node tells the reason in the message only.
  // A program that ended has its exit code there.
  const isSaid = typeof code === 'string' && code.startsWith('ERR_') && /\bEMFILE\b|too many open files/i.test(message)
  if (code !== 'EMFILE' && !isSaid) return descriptorShortage(cause)
  const reason = 'this process has as many files open as it may'
  return { reason, advice: `allow it at least ${ENOUGH} (ulimit -n ${ENOUGH})` }
}

/**
 * Calls `open`, and calls it again while it fails for want of a descriptor: others of this process close theirs meanwhile.
 * Rejects with `DescriptorsError`, with the signal's reason, and with any other error of `open`.
 */
export async function withDescriptor<T>(open: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const check = startWait()
  for (let pause = FIRST_PAUSE; ; pause = longer(pause)) {
    try {
      const opened = await open()
      wasInVain = false
      return opened
    } catch (error) {
      check(error)
    }
    await setTimeout(pause, undefined, { signal }).catch(() => signal?.throwIfAborted())
  }
}

/** The same for calls that block. On the main thread it waits for a second only. */
export function withDescriptorSync<T>(open: () => T): T {
  let check: ReturnType<typeof startWait> | undefined
  for (let pause = FIRST_PAUSE; ; pause = longer(pause)) {
    try {
      return open()
    } catch (error) {
      // Not before: this runs for every file of an image, and hardly any of them has to wait.
      check ??= startWait(isMainThread ? PATIENCE_OF_MAIN_THREAD : undefined)
      check(error)
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause)
  }
}

/**
 * Begins to wait for a descriptor. What it returns throws an error that is no want of one, and `DescriptorsError` for one
 * that is once `patience` milliseconds are over.
 */
export function startWait(patience = wasInVain ? PATIENCE_AFTERWARDS : PATIENCE): (error: unknown) => void {
  const end = performance.now() + patience
  return error => {
    const shortage = descriptorShortage(error)
    if (!shortage) throw error
    if (performance.now() < end) return
    wasInVain = true
    const { reason, advice } = shortage
    throw new DescriptorsError(`${reason}, and closed none for ${patience / 1000} s; ${advice}`, { cause: error })
  }
}

function longer(pause: number): number {
  return Math.min(2 * pause, LONGEST_PAUSE)
}

/** Bytes that are read from a file at a time. */
export const READ_SIZE = 256 * 1024

/** How a file is read. */
export interface ReadOptions {
  /** The first and the last byte to read. Default: the whole file. */
  readonly start?: number
  readonly end?: number
  /** Ends the reading, which then throws. */
  readonly signal?: AbortSignal
}

/** The bytes of a file, in pieces of {@link READ_SIZE}. It is opened when the first are read, as soon as there is a descriptor. */
export async function* readPieces(file: string, options: ReadOptions = {}): AsyncGenerator<Buffer> {
  const handle = await withDescriptor(() => open(file), options.signal)
  yield* handle.createReadStream({ highWaterMark: READ_SIZE, ...options })
}
