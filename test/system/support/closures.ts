import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { ClosureSize } from '../closure/sets.ts'
import { NATIVE_SYSTEM, type System } from '../closure/systems.ts'
import { execute } from './execute.ts'

const SCRIPTS = join(import.meta.dirname, '../closure')
const CACHE = '/var/tmp/nspawn-rootfs-closures'

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
  const link = join(CACHE, `${size}-${system}-${scriptsDigest()}`)
  if (!(await isValid(link))) {
    await execute(process.execPath, [join(SCRIPTS, 'make.ts'), size, link, '--system', system])
  }
  const { stdout } = await nixStore('--query', '--requisites', link)
  return { link, toplevel: readlinkSync(link), paths: stdout.split('\n').filter(Boolean).sort() }
}

/** Runs nix-store. */
export function nixStore(...args: string[]): Promise<{ stdout: string }> {
  return execute('nix-store', args, { env: NIX_ENV })
}

async function isValid(link: string): Promise<boolean> {
  try {
    await nixStore('--check-validity', readlinkSync(link))
    return true
  } catch {
    return false
  }
}

/** A closure that other scripts made is another closure. */
function scriptsDigest(): string {
  const hash = createHash('sha256')
  for (const file of readdirSync(SCRIPTS).sort()) hash.update(readFileSync(join(SCRIPTS, file)))
  return hash.digest('hex').slice(0, 12)
}
