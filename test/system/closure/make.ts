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
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { NATIVE_APT, openForeignApt } from './apt.ts'
import { buildClosure, DOWNLOADS, planStorePaths } from './build.ts'
import { CLOSURE_SIZES, type ClosureSize, packagesOf } from './sets.ts'
import { ARCHITECTURES, isSystem, NATIVE_SYSTEM, type System } from './systems.ts'

/** What apt knows of the packages of other architectures. */
const APT_STATE = join(DOWNLOADS, '.apt')

interface ClosureOptions {
  size: ClosureSize
  outLink: string
  system: System
  bump: string | undefined
}

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
  const planned = planStorePaths(packagesOf(size), apt)
  if (bump !== undefined && !planned.some(({ name }) => name === bump)) {
    throw new Error(`--bump ${bump}: no package of the ${size} closure`)
  }
  buildClosure({
    file: join(import.meta.dirname, 'closure.nix'),
    json: { plan: planned.map(one => (one.name === bump ? { ...one, bump: 'bumped' } : one)) },
    strings: { system },
    outLink,
  })
}
