import { OPERATIONS_END } from './memory.ts'

/**
 * What the parser chose: a list of operations, built from its end, since the best path is found backwards.
 *
 *     operation = length, distance    32 bits each; distance 0 is a literal, else a match or repeated match
 */

export let firstOperation: i32 = OPERATIONS_END

export function clearOperations(): void {
  firstOperation = OPERATIONS_END
}

/** Puts an operation before the others. */
export function prepend(length: i32, distance: i32): void {
  firstOperation -= 8
  store<i32>(firstOperation, length)
  store<i32>(firstOperation, distance, 4)
}
