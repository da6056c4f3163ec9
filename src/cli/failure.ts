import { descriptorShortage } from '../descriptors.ts'
import { isSystemError, reasonOf } from '../disk/index.ts'
import { NspawnRootfsError } from '../index.ts'
import { printable } from '../printable.ts'
import { UsageError } from './usage.ts'

/** Errors of the library and of the system say all in their message. The stack of any other is worth reporting. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof NspawnRootfsError) return error.message
  if (error instanceof UsageError) return printable(error.message)
  const shortage = descriptorShortage(error)
  if (shortage) return `${shortage.reason}; ${shortage.advice}`
  if (!isSystemError(error)) return `unexpected fault, please report it:\n${error.stack ?? error.message}`
  return printable(error.path === undefined ? error.message : `${error.path}: ${reasonOf(error)}`)
}
