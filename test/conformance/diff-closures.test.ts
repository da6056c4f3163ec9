import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { encodeNixBase32 } from '../../src/nix/index.ts'
import { diffPackages } from '../../src/report/diff/packages.ts'
import { type Registered, writeClosureInfo } from '../chroot-store.ts'
import { createRandom } from '../lzma2-inputs.ts'
import { needs } from '../programs.ts'
import { temporaryFolder } from '../temporary.ts'

const nix = needs('nix', 'nix-store')

/** Names of packages as they come in closures, and some that are odd. */
const NAMES = [
  'glibc',
  'glibc-locales',
  'nginx',
  'source',
  'unit-nginx.service',
  'etc',
  'gtk+',
  'python3.12-six',
  'Z-a',
]
const VERSIONS = ['', '2.40-66', '2.40-67', '1.26.2', '1.9', '1.10', '1.10pre', '0-unstable-2024-01-01', '20240101']
const OUTPUTS = ['', '', '', '-dev', '-bin', '-lib32', '-man', '-Lib']

/** A closure of `count` random packages: its store paths, the first of which refers to all others. */
function makeClosure(random: () => number, count: number): Map<string, Registered> {
  const pick = <T>(items: readonly T[]) => items[random() % items.length]!
  const paths = new Map<string, Registered>()
  for (let i = 0; i < count; i++) {
    const version = pick(VERSIONS)
    const name = pick(NAMES) + (version && `-${version}`) + pick(OUTPUTS)
    const salt = pick([1, 2, 3])
    const narSize = pick([8, 4096, 8184, 8192, 100_000]) + salt * 8
    const hash = createHash('sha256').update(`${name} ${salt}`)
    const narHash = hash.digest('hex')
    paths.set(pathOf(`${name} ${salt}`, name), { narHash, narSize, references: [] })
  }
  return paths
}

function pathOf(seed: string, name: string): string {
  const digest = new Uint8Array(createHash('sha256').update(seed).digest().subarray(0, 20))
  return `/nix/store/${encodeNixBase32(digest)}-${name}`
}

/** The lines of `nix store diff-closures`: versions that went and came, by name. */
function parseLines(text: string) {
  const lines = stripVTControlCharacters(text)
    .split('\n')
    .filter(line => line !== '')
  return lines.map(line => {
    const { name, old, after } =
      /^(?<name>[^:]+): (?:(?<old>.*) → (?<after>[^\n]*?))?(?:(?:, )?[+-]?[\d.]+ [KMG]iB)?$/.exec(line)!.groups!
    const list = (versions: string | undefined) =>
      versions === undefined || versions === '∅' ? [] : versions.split(', ').map(version => version.replace('ε', ''))
    return { name, old: list(old), new: list(after) }
  })
}

describe.skipIf(nix.skip)(`packages that differ${nix.because}`, () => {
  it.each([1, 2, 3, 4])('are those of nix store diff-closures: %i', seed => {
    const random = createRandom(seed)
    const root = temporaryFolder()
    const closures = [makeClosure(random, 30), makeClosure(random, 30)]
    const tops = closures.map((paths, i) => {
      const top = pathOf(`${seed} ${i}`, 'nixos-system-x')
      return {
        top,
        paths: new Map([...paths, [top, { narHash: '0'.repeat(64), narSize: 96, references: [...paths.keys()] }]]),
      }
    })
    writeClosureInfo(root, new Map(tops.flatMap(({ paths }) => [...paths])))
    const registration = readFileSync(join(root, 'registration'))
    execFileSync('nix-store', ['--store', root, '--load-db'], { input: registration, stdio: ['pipe', 'pipe', 'pipe'] })
    const options = ['--extra-experimental-features', 'nix-command', '--store', root]
    const args = ['store', 'diff-closures', ...tops.map(({ top }) => top)]
    const theirs = parseLines(
      execFileSync('nix', [...options, ...args], { stdio: ['ignore', 'pipe', 'pipe'] }).toString(),
    )

    const [before, after] = tops.map(({ paths }) => ({
      paths: [...paths].map(([path, info]) => ({ path, ...info })),
    }))
    const ours = diffPackages(before!, after!)
    // What is as large as before, give or take 8 KiB, and has the same versions is not shown there.
    const isShown = ({ oldVersions, newVersions, oldNarSize, newNarSize }: (typeof ours)[number]) =>
      oldVersions.length + newVersions.length > 0 || Math.abs(newNarSize - oldNarSize) >= 8192
    const shown = ours.filter(isShown)
    const sorted = (versions: readonly string[]) => [...versions].sort()
    expect(
      shown.map(({ name, oldVersions, newVersions }) => ({ name, old: sorted(oldVersions), new: sorted(newVersions) })),
    ).toEqual(theirs.map(({ name, old, new: after }) => ({ name, old: sorted(old), new: sorted(after) })))
    expect(shown.length).toBeGreaterThan(3)
    expect(ours.length).toBeGreaterThan(shown.length)
  })
})
