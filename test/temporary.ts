import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, onTestFinished } from 'vitest'

/** A new folder that is removed when the test is over. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'nspawn-rootfs-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The same for all tests of a file or group; to be called where they are described. */
export function sharedFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'nspawn-rootfs-test-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Runs `call` with the rights of nobody in particular: permissions mean nothing to root. */
export function unprivileged<T>(call: () => T): T {
  if (process.geteuid!() !== 0) return call()
  process.seteuid!(65534)
  try {
    return call()
  } finally {
    process.seteuid!(0)
  }
}

/** The same for a call that goes on for a while. Nothing else may run meanwhile. */
export async function unprivilegedWhile<T>(call: () => Promise<T>): Promise<T> {
  if (process.geteuid!() !== 0) return call()
  process.seteuid!(65534)
  try {
    return await call()
  } finally {
    process.seteuid!(0)
  }
}
