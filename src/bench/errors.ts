import { NspawnRootfsError } from '../index.ts'

/** The benchmark cannot run, or a command in it failed. */
export class BenchError extends NspawnRootfsError<'BENCH_IMPOSSIBLE' | 'COMMAND_FAILED'> {}
