import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  formatRegistration,
  type PathInfo,
  parsePathInfoJson,
  parseRegistration,
  parseStorePath,
} from '../../src/nix/index.ts'
import { cli } from './support/cli.ts'
import { withoutNix } from './support/isolation.ts'
import {
  buildClosure,
  createNixMachine,
  NIX_PROGRAMS,
  NIX_VERSIONS,
  type NixMachine,
  type NixSuite,
  type SmallClosure,
} from './support/nix-versions.ts'
import { needsRoot } from './support/root.ts'
import { createScratch, type Scratch } from './support/scratch.ts'

const real = needsRoot(...NIX_PROGRAMS)

const SUITES = Object.keys(NIX_VERSIONS) as NixSuite[]
const COMPRESSIONS = ['xz', 'zstd', 'gzip', 'br', 'bzip2', 'none']

/** The formats of `nix path-info --json` that a version writes; `undefined` is the one it writes unasked. */
const JSON_FORMATS: Record<NixSuite, readonly (string | undefined)[]> = {
  bookworm: [undefined],
  trixie: [undefined],
  sid: [undefined, '1', '2'],
}

describe.skipIf(real.skip)(`what versions of Nix write${real.because}`, () => {
  let scratch: Scratch
  /** What all images of the closure hash to, whatever they are built of: what the first of them does. */
  let expected: string | undefined
  beforeAll(() => {
    scratch = createScratch()
  })
  afterAll(() => scratch?.remove())

  describe.each(SUITES)('Nix of %s', suite => {
    let machine: NixMachine
    let closure: SmallClosure
    /** A folder for what is written, which is in the same place in the machine. */
    let folder = ''
    let publicKey = ''
    /** The records that `nix-store --dump-db` writes. */
    let records: PathInfo[] = []

    beforeAll(async () => {
      machine = await createNixMachine(scratch, suite)
      folder = scratch.make(`written-${suite}`)
      closure = await buildClosure(machine)
      const keys = ['key.secret', 'key.public'].map(name => join(folder, name))
      await machine.run('nix-store', '--generate-binary-cache-key', 'test-1', ...keys)
      publicKey = readFileSync(keys[1]!, 'utf8').trim()
      records = parseRegistration((await machine.run('nix-store', '--dump-db', ...closure.paths)).stdout)
      expected ??= await build('--root', closure.top, '--store', store())
    })

    it('is the version that this is about', async () => {
      const { stdout } = await machine.run('nix', '--version')
      const [, major, minor] = /(\d+)\.(\d+)/.exec(stdout)!
      const [least, leastMinor] = NIX_VERSIONS[suite]
      expect([Number(major), Number(minor) >= leastMinor]).toEqual([least, true])
    })

    it('has a database that is read without it', async () => {
      expect(await build('--root', closure.top, '--store', store())).toBe(expected)
    })

    it.each([
      ['nix', 'askNix'],
      ['nix-store', 'askNixStore'],
    ])('answers through %s', async (program, ask) => {
      const path = scratch.make('path')
      await machine.run('ln', '-s', `/usr/bin/${program}`, path)
      const roots = [parseStorePath(closure.top)]
      const infos = await machine.call(path, 'src/store/nix-commands.ts', ask, roots, '/nix/store')
      expect((infos as PathInfo[]).map(comparable).sort(byPath)).toEqual(records.map(comparable).sort(byPath))
    })

    it.each(COMPRESSIONS)('writes binary caches that are read: %s', async compression => {
      const cache = join(folder, compression)
      const query = `compression=${compression}&secret-key=${join(folder, 'key.secret')}`
      await machine.run('nix', 'copy', '--to', `file://${cache}?${query}`, closure.top)
      const args = ['--root', closure.top, '--store', `file://${cache}`, '--trusted-public-key', publicKey]
      expect(await build(...args)).toBe(expected)
    })

    it.each(JSON_FORMATS[suite])('writes path-info that is read: format %s', async format => {
      const flags = ['--json', '--recursive', ...(format === undefined ? [] : ['--json-format', format])]
      const { stdout } = await machine.run('nix', 'path-info', ...flags, closure.top)
      const infos = parsePathInfoJson(stdout)
      expect(infos.map(comparable).sort(byPath)).toEqual(records.map(comparable).sort(byPath))
      const addresses = infos.flatMap(({ path, ca }) => (ca === undefined ? [] : [[path.name, ca.split(':', 2)]]))
      expect(Object.fromEntries(addresses)).toEqual({
        text: ['text', 'sha256'],
        quoting: ['text', 'sha256'],
        source: ['fixed', 'r'],
        fixed: ['fixed', 'sha256'],
      })
    })

    it('writes exports that are read', async () => {
      const file = join(folder, 'export')
      await machine.run('sh', '-ec', 'file=$1; shift; nix-store --export "$@" > "$file"', 'sh', file, ...closure.paths)
      expect(await build('--root', closure.top, '--export', file)).toBe(expected)
    })

    it('writes NARs that are read', async () => {
      // Nothing says what a NAR refers to, so it is one that refers to nothing.
      const path = closure.named('names')
      const file = join(folder, 'names.nar')
      await machine.run('sh', '-ec', 'nix-store --dump "$1" > "$2"', 'sh', path, file)
      const alone = await build('--root', path, '--store', store())
      expect(await build('--root', path, '--nar', `${path}=${file}`)).toBe(alone)
    })

    it.each([
      ['nix-store --dump-db', async () => (await machine.run('nix-store', '--dump-db', ...closure.paths)).stdout],
      ['closureInfo', async () => formatRegistration(records)],
    ])('writes registrations that are read: %s', async (name, registration) => {
      const info = join(folder, name)
      mkdirSync(info)
      writeFileSync(join(info, 'store-paths'), closure.paths.map(path => `${path}\n`).join(''))
      writeFileSync(join(info, 'registration'), await registration())
      const args = ['--root', closure.top, '--closure-info', info, '--store', store()]
      expect(await build(...args)).toBe(expected)
    })

    /** What stands for `/` of the store, seen from outside of the machine. */
    function store(): string {
      return dirname(machine.nix)
    }
  })

  /** Builds where there is no Nix. */
  async function build(...args: readonly string[]): Promise<string> {
    const all = ['build', ...args, '--name', 'x', '--format', 'tar', '--stdout']
    return (await cli(all, withoutNix(scratch))).stdout.sha256
  }
})

function comparable({ path, narHash, narSize, references, deriver }: PathInfo) {
  const names = references.map(reference => reference.path).sort()
  return { path: path.path, narHash, narSize, references: names, deriver: deriver?.path }
}

function byPath(a: { path: string }, b: { path: string }): number {
  return a.path < b.path ? -1 : 1
}
