import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeByteString } from '../../../src/bytes/index.ts'
import {
  decodeNixBase32,
  encodeNixBase32,
  formatRegistration,
  formatSha256Base16,
  formatSha256Sri,
  type PathInfo,
  parsePathInfoJson,
  parseRegistration,
  parseSha256,
} from '../../../src/nix/index.ts'
import { latin1 } from '../../latin1.ts'
import { needs } from '../../programs.ts'
import { eventsOfNar, eventsOfTree, narOfTree, type Tree } from '../../unit/nix/nar-support.ts'

// Root without the group nixbld cannot add to a store otherwise.
const env = { ...process.env, NIX_CONFIG: 'build-users-group =' }
const run = (program: string, ...args: string[]) => execFileSync(program, args, { env, maxBuffer: 1 << 30 })

const nixStore = needs('nix-store')
const nixHash = needs('nix-hash')
const nix = needs('nix', 'nix-store')

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nix-conformance-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.skipIf(nixStore.skip)(`NARs are those of nix-store --dump${nixStore.because}`, () => {
  const trees: [string, Tree][] = [
    ['an empty folder', { children: {} }],
    ['an empty file', { contents: '' }],
    ['an executable file', { contents: '#!/bin/sh\n', executable: true }],
    ['a symlink', { symlink: '/nowhere at all' }],
    [
      'files of every padding',
      { children: Object.fromEntries([...Array(20).keys()].map(n => [`f${n}`, { contents: 'x'.repeat(n) }])) },
    ],
    ['a file longer than a buffer', { contents: randomBytes(300_001).toString('latin1') }],
    [
      'odd names and targets',
      {
        children: {
          'with space': { contents: 'a' },
          'new\nline': { contents: 'b' },
          'not utf8 \xff\xfe\x80': { contents: 'c', executable: true },
          '\x01': { contents: '' },
          'a.b': { contents: '' },
          'a-b': { contents: '' },
          a: { children: { deep: { children: { er: { symlink: '\xff/../x' } } } } },
          B: { symlink: 'x'.repeat(4095) },
          ['__proto__']: { contents: '' },
          ['x'.repeat(255)]: { contents: '' },
        },
      },
    ],
    [
      'a folder as deep as is read',
      [...Array(62)].reduce<Tree>(tree => ({ children: { d: tree } }), { contents: 'x' }),
    ],
  ]

  it.each(trees)('%s', (title, tree) => {
    const path = join(folder, title.replaceAll(' ', '-'))
    makeTree(Buffer.from(path), tree)
    const dumped = new Uint8Array(run('nix-store', '--dump', path))
    expect(Buffer.compare(narOfTree(tree), dumped)).toBe(0)
    expect(
      eventsOfNar(
        dumped,
        [...Array(20).keys()].map(n => n * 101).filter(n => n < dumped.length),
      ),
    ).toEqual(eventsOfTree(tree))
  })
})

describe.skipIf(nixHash.skip)(`Nix base 32 is that of nix-hash${nixHash.because}`, () => {
  it('for 64 hashes in every form', () => {
    const digests = Array.from({ length: 64 }, (_, i) =>
      i === 0 ? new Uint8Array(32) : i === 1 ? new Uint8Array(32).fill(255) : new Uint8Array(randomBytes(32)),
    )
    const theirs = (option: string) =>
      run('nix-hash', '--type', 'sha256', option, ...digests.map(formatSha256Sri))
        .toString()
        .trimEnd()
        .split('\n')
    expect(digests.map(encodeNixBase32)).toEqual(theirs('--to-base32'))
    expect(digests.map(formatSha256Base16)).toEqual(theirs('--to-base16'))
    expect(theirs('--to-base32').map(decodeNixBase32)).toEqual(digests)
    expect(theirs('--to-base16').map(parseSha256)).toEqual(digests)
  })
})

describe.skipIf(nix.skip)(`closures are read as Nix tells them${nix.because}`, () => {
  let path = ''
  let dump: readonly PathInfo[] = []

  beforeAll(() => {
    const file = join(folder, 'conformance-file')
    writeFileSync(file, 'conformance')
    path = run('nix-store', '--add', file).toString().trim()
    dump = parseRegistration(run('nix-store', '--dump-db').toString())
  })

  it('knows the path just added', () => {
    const nar = run('nix-store', '--dump', path)
    const info = dump.find(info => info.path.path === path)
    expect(info).toMatchObject({ narSize: nar.length, references: [] })
    expect(run('nix-hash', '--type', 'sha256', '--base32', path).toString().trim()).toBe(info?.narHash.slice(7))
  })

  it('reads the whole store from path-info as from dump-db', () => {
    const json = run('nix', '--extra-experimental-features', 'nix-command', 'path-info', '--json', '--all').toString()
    const infos = new Map(parsePathInfoJson(json).map(info => [info.path.path, info]))
    // Others may add to the store between the two commands.
    for (const { path, narHash, narSize, references, deriver } of dump) {
      const info = infos.get(path.path)
      expect({ ...info, ca: undefined, signatures: undefined }).toEqual({
        ...{ path, narHash, narSize, references, deriver },
        ...{ ca: undefined, signatures: undefined },
      })
    }
  })

  /** The closure of the store path with the most references. */
  function largestClosure(): string[] {
    // Not a .drv: `--load-db` opens those, and in the other store there are no files.
    const outputs = dump.filter(info => !info.path.name.endsWith('.drv'))
    const root = outputs.sort((a, b) => b.references.length - a.references.length)[0].path.path
    return run('nix-store', '--query', '--requisites', root).toString().trimEnd().split('\n')
  }

  it('reads a closure from path-info --recursive', () => {
    const closure = largestClosure()
    const root = closure.at(-1) as string
    const args = ['--extra-experimental-features', 'nix-command', 'path-info', '--json', '--recursive', root]
    const infos = parsePathInfoJson(run('nix', ...args).toString())
    expect(infos.map(info => info.path.path).sort()).toEqual(closure.sort())
  })

  it('writes a registration that nix-store --load-db takes and dumps again', () => {
    const closure = new Set([path, ...largestClosure()])
    const records = dump.flatMap(({ deriver: _, ...info }) => (closure.has(info.path.path) ? [info] : []))
    const other = ['--store', join(folder, 'other-store')]
    execFileSync('nix-store', [...other, '--load-db'], { env, input: formatRegistration(records) })
    expect(parseRegistration(run('nix-store', ...other, '--dump-db').toString())).toEqual(records)
  })
})

/** Makes a tree on disk; the path is bytes, as names need not be UTF-8. */
function makeTree(path: Buffer, tree: Tree): void {
  const inside = (name: string) => Buffer.concat([path, Buffer.from('/'), encodeByteString(latin1(name))])
  if ('symlink' in tree) symlinkSync(Buffer.from(encodeByteString(latin1(tree.symlink))), path)
  else if ('contents' in tree) {
    writeFileSync(path, encodeByteString(latin1(tree.contents)))
    chmodSync(path, tree.executable ? 0o755 : 0o644)
    expect(readFileSync(path)).toHaveLength(tree.contents.length)
  } else {
    mkdirSync(path)
    for (const [name, child] of Object.entries(tree.children)) makeTree(inside(name), child)
  }
}
