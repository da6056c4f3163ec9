import { expect } from 'vitest'
import type { CliResult } from './cli.ts'

/** Exit code 1 and a message for people: what happened, and no stack. */
export function expectFailure(
  { exit, stderr }: Pick<CliResult, 'exit' | 'stderr'>,
  ...said: readonly (string | RegExp)[]
): void {
  expect(exit, stderr).toBe(1)
  const message = stderr.slice(stderr.indexOf('nspawn-rootfs: '))
  for (const text of said) expect(message).toMatch(text)
  expect(message).not.toMatch(/^\s+at |unexpected fault/m)
}
