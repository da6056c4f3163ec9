import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { ClosureSize } from '../closure/sets.ts'
import { NATIVE_SYSTEM, type System } from '../closure/systems.ts'
import { execute } from './execute.ts'

const SCRIPTS = join(import.meta.dirname, '../closure')

/** Where closures are kept from one run to the next. */
export const CLOSURES = '/var/tmp/nspawn-rootfs-closures'

/** Root without the group nixbld cannot write to a store otherwise. */
export const NIX_ENV = { NIX_CONFIG: 'build-users-group =\nextra-experimental-features = nix-command' }

/** A real closure in the store of this machine. */
export interface TestClosure {
  /** A symlink to the toplevel, as nix-build leaves one. */
  readonly link: string
  readonly toplevel: string
  /** All its store paths, sorted. */
  readonly paths: readonly string[]
}

/**
 * A closure of Debian packages (see ../closure/make.ts) with programs for `system`, made by the first who asks and kept for
 * later runs.
 */
export async function closureOf(size: ClosureSize, system: System = NATIVE_SYSTEM): Promise<TestClosure> {
  const link = join(CLOSURES, `${size}-${system}-${digestOf(SCRIPTS)}`)
  if (!(await isValid(link))) {
    await execute(process.execPath, [join(SCRIPTS, 'make.ts'), size, link, '--system', system])
  }
  return testClosure(link)
}

/** The closure of the toplevel that a symlink leads to. */
export async function testClosure(link: string): Promise<TestClosure> {
  const { stdout } = await nixStore('--query', '--requisites', link)
  return { link, toplevel: readlinkSync(link), paths: stdout.split('\n').filter(Boolean).sort() }
}

/** Runs nix-store. */
export function nixStore(...args: string[]): Promise<{ stdout: string }> {
  return execute('nix-store', args, { env: NIX_ENV })
}

/** Whether a symlink leads to a store path that is there. */
export async function isValid(link: string): Promise<boolean> {
  try {
    await nixStore('--check-validity', readlinkSync(link))
    return true
  } catch {
    return false
  }
}

/** A digest of the scripts in folders: a closure that other scripts made is another closure. */
export function digestOf(...folders: readonly string[]): string {
  const hash = createHash('sha256')
  for (const folder of folders) {
    for (const file of readdirSync(folder).sort()) hash.update(readFileSync(join(folder, file)))
  }
  return hash.digest('hex').slice(0, 12)
}
