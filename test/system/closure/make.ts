/**
 * Makes a real closure that boots, without a binary cache: every Debian package a small (or large) system needs becomes
 * a store path through a derivation of its own, and a toplevel with `init` and `etc/os-release` refers to them all. So
 * the database, NAR hashes and references are Nix's, and the programs are real.
 *
 *     node test/system/closure/make.ts small|large OUT-LINK [--system SYSTEM] [--bump PACKAGE]
 *
 * OUT-LINK becomes a symlink to the toplevel and keeps the closure from being collected as garbage. The programs are those
 * of this machine's architecture, or of SYSTEM (x86_64-linux, aarch64-linux). With --bump that one package is another store
 * path, as after an update. Needs root, Debian and nix-bin; packages are downloaded once.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { NATIVE_APT, openForeignApt } from './apt.ts'
import { fetchPackages, planPackages, readDependencies } from './packages.ts'
import { CLOSURE_SIZES, type ClosureSize, packagesOf } from './sets.ts'
import { ARCHITECTURES, isSystem, NATIVE_SYSTEM, type System } from './systems.ts'

/** Where downloaded packages are kept from one run to the next. */
const DOWNLOADS = process.env.CLOSURE_DOWNLOADS ?? '/var/tmp/nspawn-rootfs-closures/packages'

/** What apt knows of the packages of other architectures. */
const APT_STATE = join(DOWNLOADS, '.apt')

interface ClosureOptions {
  size: ClosureSize
  outLink: string
  system: System
  bump: string | undefined
}

/**
 * Root builds without build users, sandbox or substitutes: nothing of it is there on a plain Debian. And the filter would
 * keep packages from being unpacked that hold set-id files.
 */
const NIX_CONFIG = ['build-users-group =', 'sandbox = false', 'filter-syscalls = false', 'substitute = false'].join(
  '\n',
)

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { bump: { type: 'string' }, system: { type: 'string', default: NATIVE_SYSTEM } },
})
const { bump, system } = values
const [size, link] = positionals as [ClosureSize, string]
if (positionals.length !== 2 || !CLOSURE_SIZES.includes(size) || !isSystem(system)) {
  const systems = Object.keys(ARCHITECTURES).join('|')
  throw new Error(`usage: node make.ts ${CLOSURE_SIZES.join('|')} OUT-LINK [--system ${systems}] [--bump PACKAGE]`)
}
make({ size, outLink: resolve(link), system, bump })

function make({ size, outLink, system, bump }: ClosureOptions): void {
  const apt = system === NATIVE_SYSTEM ? NATIVE_APT : openForeignApt(ARCHITECTURES[system], APT_STATE)
  const packages = planPackages(packagesOf(size), apt)
  if (bump !== undefined && !packages.some(({ name }) => name === bump)) {
    throw new Error(`--bump ${bump}: no package of the ${size} closure`)
  }
  mkdirSync(DOWNLOADS, { recursive: true })
  fetchPackages(packages, DOWNLOADS, apt)
  const names = new Set(packages.map(({ name }) => name))
  const plan = packages.map(({ name, version, file }, i) => ({
    name,
    version,
    deb: join(DOWNLOADS, file),
    // Packages depend on each other in circles, store paths cannot: only what comes before counts.
    depends: readDependencies(join(DOWNLOADS, file)).filter(
      other => names.has(other) && packages.findIndex(one => one.name === other) < i,
    ),
    bump: name === bump ? 'bumped' : '',
  }))
  mkdirSync(dirname(outLink), { recursive: true })
  const folder = mkdtempSync(join(dirname(outLink), '.plan-'))
  try {
    writeFileSync(join(folder, 'plan.json'), JSON.stringify(plan))
    execFileSync(
      'nix-build',
      [
        '--quiet',
        join(import.meta.dirname, 'closure.nix'),
        ...['--arg', 'plan', join(folder, 'plan.json'), '--argstr', 'system', system],
        ...['--out-link', outLink],
      ],
      { env: { ...process.env, NIX_CONFIG }, stdio: ['ignore', 'ignore', 'inherit'] },
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
}
