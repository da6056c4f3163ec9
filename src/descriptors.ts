import { open } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { isMainThread } from 'node:worker_threads'
import { NspawnRootfsError, nameErrors } from './nspawn-rootfs-error.ts'

/** No file descriptor became free in time. */
export class DescriptorsError extends NspawnRootfsError {
  static {
    nameErrors(DescriptorsError, 'DescriptorsError')
  }

  readonly code = 'DESCRIPTORS_EXHAUSTED'
}

/**
 * What is enough for any build: 40 for Node and one thread, 7 for each further one, and 25 connections for each server.
 * Builds wait for each other's descriptors long before, and need 48.
 */
const ENOUGH = 256

/** Milliseconds for which a descriptor is waited for. */
const PATIENCE = 30_000

/** The same where the wait blocks the main thread, and whatever else the program does there. */
const PATIENCE_OF_MAIN_THREAD = 1_000

const FIRST_PAUSE = 10
const LONGEST_PAUSE = 250

/** Whether a call failed because this process, or the machine, has all the files open that it may (open(2)). */
export function lacksDescriptors(error: unknown): boolean {
  return limitOf(error) !== undefined
}

/** Whose limit it is, by the code of the system: that of the process, or that of the machine. */
function limitOf(error: unknown): 'EMFILE' | 'ENFILE' | undefined {
  if (!(error instanceof Error)) return undefined
  const { code, message, cause } = error as NodeJS.ErrnoException
  if (code === 'EMFILE' || code === 'ENFILE') return code
  // Of threads and modules that cannot be loaded, Node tells the reason in the message only.
  if (code?.startsWith('ERR_') && /\bEMFILE\b|too many open files/i.test(message)) return 'EMFILE'
  return limitOf(cause)
}

/**
 * Calls `open`, and calls it again while it fails for want of a descriptor: others of this process close theirs meanwhile.
 * Rejects with `DescriptorsError`, with the signal's reason, and with any other error of `open`.
 */
export async function withDescriptor<T>(open: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const check = startWait(PATIENCE)
  for (let pause = FIRST_PAUSE; ; pause = longer(pause)) {
    try {
      return await open()
    } catch (error) {
      check(error)
    }
    await setTimeout(pause, undefined, { signal }).catch(() => signal?.throwIfAborted())
  }
}

/** The same for calls that block. On the main thread it waits for a second only. */
export function withDescriptorSync<T>(open: () => T): T {
  const check = startWait(isMainThread ? PATIENCE_OF_MAIN_THREAD : PATIENCE)
  const nobody = new Int32Array(new SharedArrayBuffer(4))
  for (let pause = FIRST_PAUSE; ; pause = longer(pause)) {
    try {
      return open()
    } catch (error) {
      check(error)
    }
    Atomics.wait(nobody, 0, 0, pause)
  }
}

/**
 * Begins to wait for a descriptor. What it returns throws an error that is no want of one, and `DescriptorsError` for one
 * that is once `patience` milliseconds are over.
 */
export function startWait(patience = PATIENCE): (error: unknown) => void {
  const end = performance.now() + patience
  return error => {
    const limited = limitOf(error)
    if (!limited) throw error
    if (performance.now() < end) return
    const [whose, advice] =
      limited === 'ENFILE'
        ? ['this machine', 'raise its limit (sysctl fs.file-max)']
        : ['this process', `allow it at least ${ENOUGH} (ulimit -n ${ENOUGH})`]
    const message = `${whose} has as many files open as it may, and closed none for ${patience / 1000} s; ${advice}`
    throw new DescriptorsError(message, { cause: error })
  }
}

function longer(pause: number): number {
  return Math.min(2 * pause, LONGEST_PAUSE)
}

/** How a file is read. */
export interface ReadOptions {
  /** Bytes of a piece, at most. */
  readonly pieceSize: number
  /** The first and the last byte to read. Default: the whole file. */
  readonly start?: number
  readonly end?: number
  /** Ends the reading, which then throws. */
  readonly signal?: AbortSignal
}

/** The bytes of a file. It is opened when the first are read, as soon as there is a descriptor. */
export async function* readPieces(file: string, { pieceSize, ...options }: ReadOptions): AsyncGenerator<Buffer> {
  const handle = await withDescriptor(() => open(file), options.signal)
  yield* handle.createReadStream({ highWaterMark: pieceSize, ...options })
}
