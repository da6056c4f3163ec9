import { InvalidArgumentError } from 'commander'

/** A combination of options that cannot be meant: exit code 2, like an option that commander refuses. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Parses a whole number from `min` to `max`, for an option. */
export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return text => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= min && value <= max) return value
    throw new InvalidArgumentError(`give a whole number ${max < 1e9 ? `from ${min} to ${max}` : `from ${min} on`}`)
  }
}

/** Collects the values of an option that may be given several times. */
export function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value]
}
