import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, ftruncateSync, linkSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { byteString } from '../../../src/bytes/index.ts'
import { build } from '../../../src/index.ts'
import { encodeTarHeader } from '../../../src/tar/index.ts'
import { type ChrootStore, createChrootStore, storePathOf } from '../../chroot-store.ts'
import { makeTree } from '../../make-tree.ts'
import { needs } from '../../programs.ts'
import { temporaryFolder } from '../../temporary.ts'
import { canonicalise, GNU_TAR, gnuTar } from './gnu-image.ts'
import { NASTY_TREES } from './nasty-trees.ts'

const programs = needs('tar', 'bash', 'cmp', 'nix-store', 'openssl')
// Uses what processors have for it, which sha256sum of Debian does not.
const SHA256 = 'openssl dgst -sha256 -r'
const env = { PATH: process.env.PATH, LC_ALL: 'C' }
// Hundreds of folders in each other make long lists of names.
const maxBuffer = 1 << 30

/** NAR hash and size as Nix itself tells them, without the NAR in memory. */
function narInfoByNix(file: string): { narHash: string; narSize: number } {
  const line = `nix-store --dump "$1" | tee >(wc -c >&2) | ${SHA256}`
  const { stdout, stderr } = spawnSync('bash', ['-c', line, 'bash', file], { encoding: 'utf8' })
  return { narHash: stdout.slice(0, 64), narSize: Number(stderr) }
}

/** What the same says of the file past 8 GiB, for which it takes 43 s of a processor; a build compares it. */
const HUGE = { narHash: '266bef7eef7ff59534ccd9a06e3f3378287cea5d0f0bae3ec4b1bfd1a0c0ab62', narSize: 8_589_947_056 }

/** Registers what lies in the store under `name`. */
function registerAsIs(store: ChrootStore, name: string): string {
  const path = storePathOf(name)
  store.register(path, { ...narInfoByNix(store.file(path)), references: [] })
  return path
}

/** The image of a store, and beside it what GNU tar makes of the same files. */
async function bothTars(store: ChrootStore, folder: string): Promise<{ ours: string; theirs: string }> {
  const out = join(folder, 'out')
  const { image } = await build({ source: store.source, format: 'tar', name: 'image' }).toFolder(out)
  const registration = execFileSync('tar', ['-xOf', image, 'nix-path-registration'])
  canonicalise(store.root, registration)
  const theirs = join(folder, 'gnu.tar')
  gnuTar(store.root, `cat > '${theirs}'`)
  return { ours: image, theirs }
}

const sameBytes = (a: string, b: string) => spawnSync('cmp', [a, b], { encoding: 'utf8' }).stdout

describe.skipIf(programs.skip)(`an image is what GNU tar writes${programs.because}`, () => {
  it.each(Object.entries(NASTY_TREES).filter(([name]) => !name.startsWith('path-')))('of %s', async (name, tree) => {
    const folder = temporaryFolder()
    const store = createChrootStore(folder)
    makeTree(Buffer.from(store.file(storePathOf(name))), tree)
    registerAsIs(store, name)
    const { ours, theirs } = await bothTars(store, folder)
    expect(sameBytes(ours, theirs)).toBe('')
  })

  it('of all of them together, and of long paths', async () => {
    const folder = temporaryFolder()
    const store = createChrootStore(folder)
    for (const [name, tree] of Object.entries(NASTY_TREES)) store.add(name, tree)
    const { ours, theirs } = await bothTars(store, folder)
    expect(sameBytes(ours, theirs)).toBe('')
    const lengths = new Set(entryLengths(ours))
    for (const length of [99, 100, 101, 154, 155, 156, 255, 256, 257, 1000, 2000]) expect(lengths).toContain(length)
  })

  it('of files that are hard links of each other, across store paths, too', async () => {
    const folder = temporaryFolder()
    const store = createChrootStore(folder)
    const contents = { contents: 'the same' }
    const one = store.add('one', { children: { a: contents, b: contents } })
    const two = store.add('two', { children: { c: contents } })
    for (const file of [`${one}/b`, `${two}/c`]) {
      unlinkSync(store.file(file))
      linkSync(store.file(`${one}/a`), store.file(file))
    }
    const { ours, theirs } = await bothTars(store, folder)
    expect(sameBytes(ours, theirs)).toBe('')
    expect(execFileSync('tar', ['-tvf', ours], { encoding: 'utf8' })).not.toContain('link to')
  })

  it('of other entries, above, below and beside the store', async () => {
    const folder = temporaryFolder()
    const store = createChrootStore(folder)
    store.add('a', { contents: 'x' })
    const long = 'l'.repeat(120)
    const { image } = await build({
      ...{ source: store.source, format: 'tar' },
      entries: [
        { type: 'file', path: `/etc/${long}/${long}`, contents: 'text ä', mode: 0o600 },
        { type: 'file', path: '/nix.conf', contents: '' },
        { type: 'file', path: '/nix/store.x', contents: '', mode: 0o4755 },
        { type: 'symlink', path: '/zz', target: long },
        { type: 'directory', path: '/tmp', mode: 0o1777 },
        { type: 'directory', path: '/ä/empty' },
      ],
    }).toFolder(join(folder, 'out'))
    // GNU tar unpacks it and packs it again, and nothing of it changes.
    const unpacked = join(folder, 'unpacked')
    execFileSync('mkdir', [unpacked])
    execFileSync('tar', ['-xpf', image, '-C', unpacked])
    gnuTar(unpacked, `cat > '${folder}/gnu.tar'`)
    expect(sameBytes(image, join(folder, 'gnu.tar'))).toBe('')
  })

  it('of a file past 8 GiB', { timeout: 900_000 }, async () => {
    const folder = temporaryFolder()
    const store = createChrootStore(folder)
    const file = store.file(storePathOf('huge'))
    // Past the eleven octal digits of a size, and no multiple of anything.
    writeSparse(file, 8 ** 11 + 12_345, 0o444)
    store.register(storePathOf('huge'), { ...HUGE, references: [] })
    const hash = createHash('sha256')
    await build({ source: store.source, format: 'tar' }).writeTo(async bytes => void hash.update(bytes))
    canonicalise(store.root, registrationOf(store))
    expect(hash.digest('hex')).toBe(gnuTar(store.root, SHA256).slice(0, 64))
  })

  it.each([8 ** 11 - 1, 8 ** 11, 2 ** 42])('in the header of a file of %i bytes', size => {
    const folder = temporaryFolder()
    writeSparse(join(folder, 'huge'), size, 0o444)
    const header = execFileSync('bash', ['-c', `tar ${GNU_TAR.join(' ')} -c huge | head -c 512`], { cwd: folder, env })
    expect(header.equals(encodeTarHeader({ type: 'file', path: byteString`huge`, mode: 0o444, size }))).toBe(true)
  })

  /** Zeros with marks in between and at the end. */
  function writeSparse(path: string | Buffer, size: number, mode: number): void {
    const fd = openSync(path, 'w', mode)
    ftruncateSync(fd, size)
    for (const at of [0, 2 ** 32 - 3, size - 6]) writeSync(fd, 'marker', at)
    closeSync(fd)
  }
})

describe('programs read the names that were meant', () => {
  const listed = async () => {
    const folder = temporaryFolder()
    const store = createChrootStore(folder)
    for (const [name, tree] of Object.entries(NASTY_TREES)) store.add(name, tree)
    const { image } = await build({ source: store.source, format: 'tar' }).toFolder(join(folder, 'out'))
    const found = execFileSync('find', ['.', '-mindepth', '1', '-printf', '%P\\0'], {
      cwd: store.root,
      maxBuffer,
      encoding: 'latin1',
    })
    return { image, names: [...found.split('\0').filter(Boolean), 'nix-path-registration'].sort() }
  }

  const bsdtar = needs('bsdtar')
  it.skipIf(bsdtar.skip)(`bsdtar${bsdtar.because}`, async () => {
    const { image, names } = await listed()
    // Unpacked, as a listing would show some names in other words.
    const folder = temporaryFolder()
    execFileSync('bsdtar', ['-xf', image, '-C', folder], { env })
    expect(differences(namesIn(folder), names)).toEqual([])
    const lines = execFileSync('bsdtar', ['-tvf', image], { env, maxBuffer, encoding: 'latin1' }).trimEnd().split('\n')
    expect(lines).toHaveLength(names.length)
  })

  const tar = needs('tar')
  it.skipIf(tar.skip)(`GNU tar${tar.because}`, async () => {
    const { image, names } = await listed()
    const read = execFileSync('tar', ['-tf', image, '--quoting-style=literal'], {
      ...{ env, maxBuffer, encoding: 'latin1' },
    })
    const shown = read.split('\n').map(name => name.replace(/\/$/, ''))
    // A newline in a name is a newline in the listing.
    expect(
      differences(
        shown.filter(Boolean),
        names.flatMap(name => name.split('\n')),
      ),
    ).toEqual([])
    const folder = temporaryFolder()
    execFileSync('tar', ['-xf', image, '-C', folder], { env })
    expect(differences(namesIn(folder), names)).toEqual([])
  })

  const python = needs('python3')
  it.skipIf(python.skip)(`python3${python.because}`, async () => {
    const { image, names } = await listed()
    const script =
      'import sys, tarfile; t = tarfile.open(sys.argv[1], encoding="latin-1"); ' +
      'sys.stdout.buffer.write(b"\\0".join(m.name.encode("latin-1") for m in t.getmembers()))'
    const read = execFileSync('python3', ['-c', script, image], { env, maxBuffer, encoding: 'latin1' })
    expect(differences(read.split('\0'), names)).toEqual([])
  })
})

/** How many bytes the names in an archive have. */
function entryLengths(archive: string): number[] {
  const names = execFileSync('tar', ['-tf', archive], { env, maxBuffer, encoding: 'latin1' }).split('\n')
  return names.map(name => name.length)
}

/** The registration of a store's closureInfo, with the NAR hashes in the form that images have them. */
function registrationOf(store: ChrootStore): Buffer {
  const [path, narHash, ...rest] = readFileSync(join(store.source.closureInfo, 'registration'), 'utf8').split('\n')
  const base32 = execFileSync('nix-hash', ['--type', 'sha256', '--to-base32', narHash!], { encoding: 'utf8' }).trim()
  return Buffer.from([path, `sha256:${base32}`, ...rest].join('\n'))
}

/** The names in an unpacked image. */
function namesIn(folder: string): string[] {
  const found = execFileSync('find', ['.', '-mindepth', '1', '-printf', '%P\\0'], {
    cwd: folder,
    maxBuffer,
    encoding: 'latin1',
  })
  return found.split('\0').filter(Boolean).sort()
}

/** The first names that are in one list and not in the other, shortened: whole lists are too long to print. */
function differences(some: readonly string[], others: readonly string[]): string[] {
  const [a, b] = [some.toSorted(), others.toSorted()]
  const length = Math.max(a.length, b.length)
  const at = Array.from({ length }, (_, i) => i).filter(i => a[i] !== b[i])
  return at.slice(0, 5).map(i => `${a[i]?.slice(-80)} / ${b[i]?.slice(-80)}`)
}
