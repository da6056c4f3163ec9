import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { build, define, type ImageDeclaration } from '../../../src/index.ts'
import { readOverlay } from '../../../src/spec/index.ts'
import { createNixosStore } from '../../nixos-store.ts'
import { needs } from '../../programs.ts'
import { temporaryFolder } from '../../temporary.ts'

it.each([
  [0o600, 0o644],
  [0o700, 0o755],
  [0o654, 0o755],
  [0o641, 0o755],
])('an overlay has a file of mode %o as %o: it can be executed if anybody may', async (mode, expected) => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'run'), '')
  chmodSync(join(folder, 'run'), mode)
  expect(await readOverlay(folder, '/opt')).toMatchObject([{ path: '/opt/run', mode: expected }])
})

it('an overlay keeps the targets of its symlinks', async () => {
  const folder = temporaryFolder()
  symlinkSync('../caf\u00e9.txt', join(folder, 'link'))
  expect(await readOverlay(folder, '/opt')).toMatchObject([{ type: 'symlink', target: '../caf\u00e9.txt' }])
})

it.each<[string, (folder: string, bytes: Buffer) => void, RegExp]>([
  [
    'target',
    (folder, bytes) => symlinkSync(bytes, join(folder, 'link')),
    /\/link is a symlink to caf\ufffd, which is not UTF-8/,
  ],
  [
    'name',
    (folder, bytes) => writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), bytes]), ''),
    /\/caf\ufffd has a name/,
  ],
])('an overlay with a %s that is not UTF-8 is refused, and not changed', async (_, make, message) => {
  const folder = temporaryFolder()
  make(folder, Buffer.from('caf\xe9', 'latin1'))
  await expect(readOverlay(folder, '/opt')).rejects.toMatchObject({
    code: 'FOLDER_UNREADABLE',
    message: expect.stringMatching(message),
  })
})

it('an overlay of an empty folder is that folder, but for the root', async () => {
  expect(await readOverlay(temporaryFolder(), '/srv/empty/', 'somebody')).toEqual([
    { type: 'directory', path: '/srv/empty', origin: 'somebody' },
  ])
  expect(await readOverlay(temporaryFolder(), '/')).toEqual([])
})

const tar = needs('tar')
describe.skipIf(tar.skip)(`by GNU tar, an overlay${tar.because}`, () => {
  /** Modes and owners in an image, by path. */
  async function listingOf(declaration: ImageDeclaration): Promise<Record<string, string>> {
    const folder = temporaryFolder()
    const { toplevel, source } = createNixosStore(folder)
    for (const name of ['alice/bin', 'homes/alice', 'homes/bob', 'empty']) {
      mkdirSync(join(folder, name), { recursive: true })
    }
    writeFileSync(join(folder, 'alice/notes'), '')
    const closure = { roots: [toplevel], store: source.store, closureInfo: source.closureInfo }
    const spec = await define({ name: 'x', closure, ...declaration, compression: { format: 'tar' } }, { folder })
    const { image } = await build(spec, { workers: 1, cache: false }).toFolder(join(folder, 'out'))
    const lines = execFileSync('tar', ['--numeric-owner', '-tvf', image], { encoding: 'utf8' }).split('\n')
    return Object.fromEntries(
      lines.flatMap(line => {
        const [mode, owner] = line.split(/ +/)
        const path = line.slice(line.lastIndexOf(' ') + 1)
        return /^(home|srv)\//.test(path) ? [[path, `${mode} ${owner}`]] : []
      }),
    )
  }
  const alice = { folder: './alice', owner: '1000:100' }
  const ALICE = {
    'home/': 'drwxr-xr-x 0/0',
    'home/alice/': 'drwxr-xr-x 1000/100',
    'home/alice/bin/': 'drwxr-xr-x 1000/100',
    'home/alice/notes': '-rw-r--r-- 1000/100',
  }

  it('with an owner belongs to them, with its folder', async () => {
    expect(await listingOf({ overlays: { '/home/alice': alice } })).toEqual(ALICE)
    expect(await listingOf({ overlays: { '/home/alice/': alice } })).toEqual(ALICE)
  })

  it('without an owner, or of an empty folder, belongs to root', async () => {
    expect(
      await listingOf({ overlays: { '/home/alice': { folder: './alice' }, '/srv/a': { folder: './empty' } } }),
    ).toEqual({
      ...Object.fromEntries(
        Object.keys(ALICE).map(path => [path, path.endsWith('notes') ? '-rw-r--r-- 0/0' : 'drwxr-xr-x 0/0']),
      ),
      ...{ 'srv/': 'drwxr-xr-x 0/0', 'srv/a/': 'drwxr-xr-x 0/0' },
    })
  })

  it('into a folder that another overlay has gives it its owner', async () => {
    const homes = { '/home': { folder: './homes' } }
    const both = { ...ALICE, 'home/bob/': 'drwxr-xr-x 0/0' }
    expect(await listingOf({ overlays: { ...homes, '/home/alice': alice } })).toEqual(both)
    expect(await listingOf({ overlays: { '/home/alice': alice, ...homes } })).toEqual(both)
    expect(await listingOf({ overlays: { ...homes, '/home/bob': { folder: './empty' } } })).toMatchObject({
      'home/bob/': 'drwxr-xr-x 0/0',
    })
  })

  it('beside others on one folder leaves it to the first owner', async () => {
    const others = [{ folder: './empty' }, alice, { folder: './empty', owner: '7:7' }]
    expect(await listingOf({ overlays: { '/home/alice': others } })).toEqual(ALICE)
  })

  it('into a declared directory leaves it as it is declared', async () => {
    const directories = { '/home/alice': { mode: '0700', owner: '1000:1' }, '/srv': { mode: '1777' } }
    const overlays = { '/home/alice': alice, '/srv': { folder: './empty' } }
    expect(await listingOf({ overlays, directories })).toEqual({
      ...ALICE,
      ...{ 'home/alice/': 'drwx------ 1000/1', 'srv/': 'drwxrwxrwt 0/0' },
    })
  })
})
