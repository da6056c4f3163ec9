import { NspawnRootfsError } from '../index.ts'

/** The benchmark cannot run, or a command in it failed. */
export class BenchError extends NspawnRootfsError<'BENCH_IMPOSSIBLE' | 'COMMAND_FAILED' | 'DISK_FULL'> {}

/** Whether a disk was full, for the benchmark itself or for a command in it. Commands run in the C locale. */
export function isDiskFull(error: unknown): boolean {
  const { code, message }: NodeJS.ErrnoException = error as Error
  if (code === 'COMMAND_FAILED') return /no space left on device|disk quota exceeded/i.test(message)
  return code === 'ENOSPC' || code === 'EDQUOT'
}

/** The error as it is; or for a full disk, where neither the system nor most commands say which, one that says what to do. */
export function explainFullDisk(error: unknown, temporaryFolder: string): unknown {
  if (!isDiskFull(error)) return error
  const advice = 'make room there, or set TMPDIR to a folder with room for three times the closure'
  return new BenchError('DISK_FULL', `${temporaryFolder}: no space left for temporary files; ${advice}`, {
    cause: error,
  })
}
