/** Debian packages: which ones a system needs, their files, and what they depend on. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Apt, NATIVE_APT } from './apt.ts'

export interface Package {
  name: string
  version: string
  /** Name of the file that `apt-get download` makes. */
  file: string
}

/** What apt would install into an empty system, in its order: dependencies come first where they can. */
export function planPackages(names: readonly string[], apt: Apt = NATIVE_APT): Package[] {
  const empty = ['-o', 'Dir::State::status=/dev/null', '-o', 'APT::Install-Recommends=false']
  const said = run('apt-get', [...apt, '--simulate', ...empty, 'install', ...names])
  const packages = new Map<string, Package>()
  for (const [, name = '', version = '', arch = ''] of said.matchAll(/^Inst ([^ :]+)\S* \((\S+) .*\[(\w+)\]\)/gm)) {
    packages.set(name, { name, version, file: `${name}_${version.replaceAll(':', '%3a')}_${arch}.deb` })
  }
  if (packages.size < names.length) throw new Error(`apt-get plans ${packages.size} packages only:\n${said}`)
  return [...packages.values()]
}

/** Downloads what `folder` lacks. A file there is complete: it was moved in when all of it had come. */
export function fetchPackages(packages: readonly Package[], folder: string, apt: Apt = NATIVE_APT): void {
  const missing = packages.filter(({ file }) => !existsSync(join(folder, file)))
  if (missing.length === 0) return
  const incoming = mkdtempSync(join(folder, '.incoming-'))
  try {
    const wanted = missing.map(({ name, version }) => `${name}=${version}`)
    execFileSync('apt-get', [...apt, '--quiet', 'download', ...wanted], {
      cwd: incoming,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    for (const { file } of missing) renameSync(join(incoming, file), join(folder, file))
  } finally {
    rmSync(incoming, { recursive: true })
  }
}

/** The names of all packages that a package file depends on, alternatives included. */
export function readDependencies(file: string): string[] {
  const fields = run('dpkg-deb', ['--field', file, 'Pre-Depends', 'Depends'])
  const names = fields
    .replace(/^[\w-]+:/gm, ',')
    .split(/[,|]/)
    .map(dependency => dependency.trim().replace(/[\s:(].*$/s, ''))
  return [...new Set(names)].filter(Boolean)
}

function run(program: string, args: string[]): string {
  return execFileSync(program, args, {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}
