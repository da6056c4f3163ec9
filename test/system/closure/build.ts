/** Store paths of Debian packages, and what is built of them, in the store of this machine. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Apt, NATIVE_APT } from './apt.ts'
import { fetchPackages, type Package, planPackages, readDependencies } from './packages.ts'

/** Where downloaded packages are kept from one run to the next. */
export const DOWNLOADS = process.env.CLOSURE_DOWNLOADS ?? '/var/tmp/nspawn-rootfs-closures/packages'

/**
 * Root builds without build users, sandbox or substitutes: nothing of it is there on a plain Debian. And the filter would
 * keep packages from being unpacked that hold set-id files.
 */
const NIX_CONFIG = ['build-users-group =', 'sandbox = false', 'filter-syscalls = false', 'substitute = false'].join(
  '\n',
)

/** A package that is to be a store path, as packages.nix takes it. */
export interface PlannedPackage {
  readonly name: string
  readonly version: string
  /** The package file. */
  readonly deb: string
  /** The packages before it in the plan that it depends on. */
  readonly depends: readonly string[]
  /** Any text but '' makes another store path of it. */
  readonly bump: string
}

/** Plans the packages of that name with all that they depend on, and downloads them. */
export function planStorePaths(names: readonly string[], apt: Apt = NATIVE_APT): PlannedPackage[] {
  const packages = planPackages(names, apt)
  mkdirSync(DOWNLOADS, { recursive: true })
  fetchPackages(packages, DOWNLOADS, apt)
  return packages.map(({ name, version, file }, i) => {
    const deb = join(DOWNLOADS, file)
    return { name, version, deb, depends: earlierDependencies(deb, packages.slice(0, i)), bump: '' }
  })
}

/** Packages depend on each other in circles, store paths cannot: only what comes before counts. */
function earlierDependencies(deb: string, earlier: readonly Package[]): string[] {
  const names = new Set(earlier.map(({ name }) => name))
  return readDependencies(deb).filter(name => names.has(name))
}

/** What to build. */
export interface ClosureBuild {
  /** The Nix file, a function. */
  readonly file: string
  /** Its arguments that are JSON files, by name. */
  readonly json: Readonly<Record<string, unknown>>
  /** Its arguments that are strings, by name. */
  readonly strings?: Readonly<Record<string, string>>
  /** The symlink to what is built. It keeps that from being collected as garbage. */
  readonly outLink: string
}

/** Builds with nix-build. */
export function buildClosure({ file, json, strings = {}, outLink }: ClosureBuild): void {
  mkdirSync(dirname(outLink), { recursive: true })
  const folder = mkdtempSync(join(dirname(outLink), '.plan-'))
  try {
    const files = Object.entries(json).flatMap(([name, value]) => {
      const path = join(folder, `${name}.json`)
      writeFileSync(path, JSON.stringify(value))
      return ['--arg', name, path]
    })
    const texts = Object.entries(strings).flatMap(([name, value]) => ['--argstr', name, value])
    execFileSync('nix-build', ['--quiet', file, ...files, ...texts, '--out-link', outLink], {
      env: { ...process.env, NIX_CONFIG },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}
