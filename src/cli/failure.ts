import { NspawnRootfsError } from '../index.ts'
import { UsageError } from './usage.ts'

/** Faults that the library knows, and those of the system, say all in their message; of others the stack is worth reporting. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const expected = error instanceof UsageError || error instanceof NspawnRootfsError || isOfSystem(error)
  return expected ? error.message : `unexpected fault, please report it:\n${error.stack ?? error.message}`
}

/** Whether a system call failed: Node's own errors have a code, too, but no number of the system's. */
function isOfSystem(error: NodeJS.ErrnoException): boolean {
  return typeof error.errno === 'number' && typeof error.syscall === 'string'
}
