import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { build } from '../../../src/index.ts'
import { openTarget } from '../../../src/open/extract/target.ts'
import { type ExtractError, type ExtractOptions, extract, openImage } from '../../../src/open/index.ts'
import { runCommand } from '../../command.ts'
import { createNixosStore } from '../../nixos-store.ts'
import { needs } from '../../programs.ts'
import { END_OF_TAR, type RawEntry, rawEntry, rawLongName, rawPax } from '../../raw-tar.ts'
import { temporaryFolder, unprivilegedWhile } from '../../temporary.ts'
import { countingSource, makeFolder, packFolder, randomBytes } from './support.ts'

const programs = needs('tar', 'bsdtar', 'find', 'diff', 'setfattr')

async function extractFile(file: string, options: ExtractOptions) {
  await using image = await openImage(file)
  return await extract(image, options)
}

/** An archive of entries as they are given, in a file. */
function archive(...entries: readonly (RawEntry | Buffer)[]): string {
  const file = join(temporaryFolder(), 'a.tar')
  const blocks = entries.map(each => (Buffer.isBuffer(each) ? each : rawEntry(each)))
  writeFileSync(file, Buffer.concat([...blocks, END_OF_TAR]))
  return file
}

/** Extracts an archive of these entries to a new folder. */
async function extractEntries(...entries: readonly (RawEntry | Buffer)[]) {
  const file = archive(...entries)
  const to = join(dirname(file), 'to')
  const result = await extractFile(file, { to }).catch((error: ExtractError) => error)
  return { to, result, beside: readdirSync(dirname(file)) }
}

/** All in a folder with what a recursive comparison does not see: types, modes, links, times. Pipes are left out. */
function describeTree(folder: string): string[] {
  const format = '%P %M %n %l %T@ %s\\n'
  const args = [folder, '!', '-type', 'p', '-printf', format]
  const lines = execFileSync('find', args, { env: { ...process.env, LC_ALL: 'C' } })
  // Of a directory the file system says how long it is.
  return lines
    .toString('latin1')
    .split('\n')
    .map(line => (/^.* d[rwx-]{9}/.test(line) ? line.replace(/\d+$/, '') : line))
    .sort()
}

/** A tree with what is hard to extract. */
function makeHardTree(): string {
  const folder = temporaryFolder()
  const tree = makeFolder(folder)
  mkdirSync(join(tree, 'ro/deep'), { recursive: true })
  writeFileSync(join(tree, 'ro/deep/file'), 'read-only\n', { mode: 0o444 })
  for (const path of ['ro/deep', 'ro']) chmodSync(join(tree, path), 0o555)
  const sparse = join(tree, 'sparse')
  execFileSync('truncate', ['-s', '5M', sparse])
  const parts = Array.from({ length: 40 }, (_, i) => ['seek', 16 + 25 * i] as const)
  for (const [, seek] of parts) {
    execFileSync('dd', [
      'status=none',
      'if=/dev/urandom',
      `of=${sparse}`,
      'bs=4096',
      'count=1',
      'conv=notrunc',
      `seek=${seek}`,
    ])
  }
  execFileSync('truncate', ['-s', '1M', join(tree, 'hole')])
  writeFileSync(Buffer.from(join(tree, 'not-utf8-\xff'), 'latin1'), 'x')
  // Node sets times by floating point numbers, and this is one of them.
  execFileSync('find', [tree, '-exec', 'touch', '-h', '-d', '@1600000000.25', '{}', '+'])
  utimesSync(join(tree, 'etc'), 1e9, 1e9)
  utimesSync(join(tree, 'etc/empty'), 1.5e9, 1.5e9)
  return tree
}

describe.skipIf(programs.skip)(`an archive is extracted as tar does it${programs.because}`, () => {
  it.each([
    ['gnu', ['--format=gnu', '-S']],
    ['oldgnu', ['--format=oldgnu', '-S']],
    ['posix, sparse 0.0', ['--format=posix', '-S', '--sparse-version=0.0']],
    ['posix, sparse 0.1', ['--format=posix', '-S', '--sparse-version=0.1']],
    ['posix, sparse 1.0', ['--format=posix', '-S', '--sparse-version=1.0']],
    ['ustar', ['--format=ustar', '--exclude=not-utf8*']],
    ['v7', ['--format=v7', '--exclude=not-utf8*', '--exclude=dddd*', '--exclude=pipe']],
  ])('in format %s', async (_, options) => {
    const tree = makeHardTree()
    const folder = dirname(tree)
    const file = packFolder(tree, join(folder, 'a.tar'), ...options)
    mkdirSync(join(folder, 'expected'))
    execFileSync('tar', ['-C', join(folder, 'expected'), '--no-same-permissions', '--no-same-owner', '-xf', file])
    const { leftOut } = await extractFile(file, { to: join(folder, 'to') })
    expect(describeTree(join(folder, 'to'))).toEqual(describeTree(join(folder, 'expected')))
    execFileSync('diff', ['-r', '--no-dereference', '-x', 'pipe', join(folder, 'expected'), join(folder, 'to')])
    expect(leftOut).toEqual(options.includes('--format=v7') ? [] : [{ path: '/usr/pipe', type: 'fifo' }])
    if (options.includes('-S')) expect(statSync(join(folder, 'to/sparse')).blocks).toBeLessThan(1000)
  })

  // Entries of a directory need not follow each other there, so bsdtar is asked for the times of directories, too.
  it('of bsdtar with extended attributes, which are told', async () => {
    const inUtf8 = { env: { ...process.env, LC_ALL: 'C.UTF-8' } }
    const tree = makeHardTree()
    const folder = dirname(tree)
    execFileSync('setfattr', ['-n', 'user.a', '-v', 'b', join(tree, 'etc/empty')])
    const file = join(folder, 'a.tar')
    execFileSync('bsdtar', ['-C', tree, '--format=pax', '--xattrs', '-cf', file, '.'], inUtf8)
    mkdirSync(join(folder, 'expected'))
    execFileSync('bsdtar', ['-C', join(folder, 'expected'), '--no-same-permissions', '-oxf', file], inUtf8)
    const { withoutAttributes } = await extractFile(file, { to: join(folder, 'to') })
    expect(describeTree(join(folder, 'to')).slice(2)).toEqual(describeTree(join(folder, 'expected')).slice(2))
    expect(withoutAttributes).toBe(1)
  })

  it('of a hard link without its file, whose attributes are told once', async () => {
    const folder = temporaryFolder()
    const file = join(folder, 'a.tar')
    const attribute = rawPax({ 'SCHILY.xattr.user.a': 'b' })
    const entries = [rawEntry({ name: 'a', data: 'abc' }), rawEntry({ name: 'b', type: '1', linkname: 'a' })]
    writeFileSync(file, Buffer.concat([...entries.flatMap(entry => [attribute, entry]), END_OF_TAR]))
    const { entries: count, withoutAttributes } = await extractFile(file, { to: join(folder, 'to'), paths: ['/b'] })
    expect([count, withoutAttributes]).toEqual([1, 1])
  })

  it('ends when it is aborted, though a callback does not', async () => {
    const folder = temporaryFolder()
    const file = join(folder, 'a.tar')
    const entries = Array.from({ length: 3000 }, (_, i) => rawEntry({ name: `${i}`, data: 'x' }))
    writeFileSync(file, Buffer.concat([...entries, END_OF_TAR]))
    const controller = new AbortController()
    const onProgress = () => {
      controller.abort(new Error('enough'))
      return new Promise<void>(() => {})
    }
    const extracting = extractFile(file, { to: join(folder, 'to'), onProgress, signal: controller.signal })
    await expect(extracting).rejects.toThrow('enough')
    expect(existsSync(join(folder, 'to'))).toBe(false)
  })

  it('by a user who is not root', async () => {
    const tree = makeHardTree()
    const folder = dirname(tree)
    chmodSync(folder, 0o777)
    const file = packFolder(tree, join(folder, 'a.tar'))
    await unprivilegedWhile(() => extractFile(file, { to: join(folder, 'to') }))
    expect(statSync(join(folder, 'to/ro')).mode & 0o777).toBe(0o555)
    execFileSync('diff', ['-r', '--no-dereference', '-x', 'pipe', tree, join(folder, 'to')])
    // What is read-only is removed if it fails.
    const cut = join(folder, 'cut.tar')
    writeFileSync(cut, readFileSync(file).subarray(0, -20_000))
    await expect(unprivilegedWhile(() => extractFile(cut, { to: join(folder, 'cut') }))).rejects.toMatchObject({
      code: 'OPEN_CORRUPT',
    })
    expect(readdirSync(folder).sort()).toEqual(['a.tar', 'cut.tar', 'to', 'tree'])
    // Into a folder that is there, where directories that are read-only are moved.
    mkdirSync(join(folder, 'there'), { mode: 0o777 })
    chmodSync(join(folder, 'there'), 0o777)
    await unprivilegedWhile(() => extractFile(file, { to: join(folder, 'there') }))
    expect(describeTree(join(folder, 'there')).slice(2)).toEqual(describeTree(join(folder, 'to')).slice(2))
  })
})

describe('an image of ours', () => {
  it('is extracted in part by its manifest, and little of it is read', async () => {
    const folder = temporaryFolder()
    const store = createNixosStore(folder)
    const large = store.add('large', { contents: randomBytes(6_000_000).toString('latin1') })
    const { toplevel, source, etc } = store
    const spec = { source, toplevel, roots: [large], name: 'web', level: 0 }
    const { image: file } = await build(spec, { workers: 1, cache: false }).toFolder(join(folder, 'out'))
    const counted = countingSource(file)
    await using image = await openImage(counted, { manifest: join(folder, 'out/web.manifest.json') })
    const to = join(folder, 'to')
    const paths = ['/etc', `${toplevel}/nixos-version`, `${toplevel}/etc/os-release`]
    const { entries } = await extract(image, { to, paths })
    expect(entries).toBeGreaterThan(3)
    expect(readFileSync(join(to, toplevel, 'nixos-version'), 'utf8')).toBe('25.11')
    // The symlink on the way was followed.
    expect(readdirSync(join(to, etc))).toEqual(['etc'])
    expect(readdirSync(join(to, toplevel))).toEqual(['nixos-version'])
    expect(counted.bytesRead).toBeLessThan(counted.size / 4)
    await expect(extract(image, { to: join(folder, 'none'), paths: ['/nothing'] })).rejects.toMatchObject({
      code: 'ENTRY_MISSING',
    })
    expect(existsSync(join(folder, 'none'))).toBe(false)
  })
})

describe('a hostile image writes nothing outside of the folder', () => {
  const outside = () => join(temporaryFolder(), 'outside')
  const LONG = 'n/'.repeat(3000)

  it.each<[string, readonly (RawEntry | Buffer)[], RegExp]>([
    ['with ".." in a path', [{ name: '../evil' }], /^\/\.\.\/evil: has "\.\." in its path/],
    ['with ".." in the middle', [{ name: 'a/../../evil' }], /has "\.\." in its path/],
    ['with ".." in front of a NUL', [rawPax({ path: '../evil\0b' }), { name: 'x' }], /has "\.\." in its path/],
    [
      'with a file that is the root',
      [{ name: './', type: '1', linkname: 'a' }, { name: '.' }],
      /is the root, and no directory/,
    ],
    [
      'with a directory that becomes a file',
      [{ name: 'a/b' }, { name: 'a' }],
      /^\/a: is a directory, and something else later on/,
    ],
    [
      'with something below a file',
      [{ name: 'a' }, { name: 'a/b' }],
      /^\/a: is no directory, and another entry lies below it/,
    ],
    [
      'with a hard link to a directory',
      [
        { name: 'a', type: '5' },
        { name: 'b', type: '1', linkname: 'a' },
      ],
      /hard link to a directory/,
    ],
    [
      'with a hard link that leads out',
      [{ name: 'b', type: '1', linkname: '../../etc/passwd' }],
      /has "\.\." in its path/,
    ],
    [
      'with a hard link to nothing',
      [{ name: 'b', type: '1', linkname: '/etc/passwd' }],
      /^\/b: is a hard link to \/etc\/passwd, which is no file/,
    ],
    [
      'with hard links to each other',
      [
        { name: 'a', type: '1', linkname: 'b' },
        { name: 'b', type: '1', linkname: 'a' },
      ],
      /is a hard link to/,
    ],
    ['with a symlink to nothing', [{ name: 'a', type: '2' }], /is a symlink to nothing/],
    [
      'with very many directories in each other',
      [rawLongName(`${'d/'.repeat(200)}x`), { name: 'x' }],
      /lies more than 128 directories deep/,
    ],
    ['with a path that no kernel takes', [rawLongName(LONG), { name: 'x' }], /lies more than 128/],
    [
      'with a sparse file whose map lies',
      [rawPax({ 'GNU.sparse.map': '0,600,100,5', 'GNU.sparse.size': '999' }), { name: 'x', data: 'x'.repeat(605) }],
      /map of a sparse file/,
    ],
    [
      'with a sparse file of fewer bytes',
      [rawPax({ 'GNU.sparse.map': '0,600', 'GNU.sparse.size': '999' }), { name: 'x', data: 'x' }],
      /other bytes than its map/,
    ],
  ])('%s', async (_, entries, message) => {
    const { result, beside } = await extractEntries({ name: 'first', data: 'x' }, ...entries)
    expect((result as Error).message).toMatch(message)
    expect(beside).toEqual(['a.tar'])
  })

  it('with a NUL in a name, which ends there as for importers', async () => {
    const { to } = await extractEntries(rawPax({ path: 'a\0b' }), { name: 'x' })
    expect(readdirSync(to)).toEqual(['a'])
  })

  it.each(['absolute', 'relative', 'through another'])('through a symlink, %s, that was planted before', async kind => {
    const goal = outside()
    mkdirSync(goal)
    const targets: Record<string, string> = {
      absolute: goal,
      relative: '../'.repeat(20) + goal.slice(1),
      'through another': 'b',
    }
    const links = [
      { name: 'b', type: '2', linkname: goal },
      { name: 'a', type: '2', linkname: targets[kind] },
    ]
    for (const last of [
      { name: 'a/evil', data: 'x' },
      { name: 'a/evil/', type: '5' },
      { name: 'a/evil', type: '1', linkname: 'b' },
    ]) {
      const { result, beside } = await extractEntries(...links, last)
      expect((result as ExtractError).code).toBe('EXTRACT_UNSAFE')
      expect(beside).toEqual(['a.tar'])
      expect(readdirSync(goal)).toEqual([])
    }
  })

  it('by a symlink in the place of a file, a directory or a hard link, which are put there instead', async () => {
    const goal = outside()
    writeFileSync(goal, 'mine', { mode: 0o600 })
    const link = (name: string) => ({ name, type: '2', linkname: goal })
    const { to } = await extractEntries(
      ...['file', 'directory', 'hard'].map(link),
      { name: 'file', data: 'x', mode: 0o777 },
      { name: 'directory/', type: '5' },
      { name: 'directory/file' },
      { name: 'hard', type: '1', linkname: 'file' },
    )
    expect([readFileSync(goal, 'utf8'), statSync(goal).mode & 0o777]).toEqual(['mine', 0o600])
    expect(lstatSync(join(to, 'file')).isFile() && lstatSync(join(to, 'directory')).isDirectory()).toBe(true)
    expect(statSync(join(to, 'hard')).nlink).toBe(2)
  })

  it('by absolute names, which lie within it', async () => {
    const goal = outside()
    const { to } = await extractEntries({ name: goal, data: 'x' }, { name: '//b/./c//d', data: 'x' })
    expect(existsSync(goal)).toBe(false)
    expect(readFileSync(join(to, goal), 'utf8') + readFileSync(join(to, 'b/c/d'), 'utf8')).toBe('xx')
  })

  it('with devices, which are named', async () => {
    const { result, to } = await extractEntries(
      { name: 'dev/sda', type: '4' },
      { name: 'dev/null', type: '3' },
      { name: 'odd', type: '~' },
    )
    expect(result).toMatchObject({
      entries: 0,
      leftOutCount: 3,
      leftOut: [
        { path: '/dev/sda', type: 'block-device' },
        { path: '/dev/null', type: 'character-device' },
        { path: '/odd', type: 'other' },
      ],
    })
    expect(readdirSync(to)).toEqual([])
  })

  it('with times that no clock has, and modes that give rights away', async () => {
    const { to } = await extractEntries(
      rawPax({ mtime: '-1000000000.5' }),
      { name: 'old', mode: 0o6777 },
      rawPax({ mtime: 'NaN' }),
      { name: 'none', mtime: 7 },
      { name: 'sticky/', type: '5', mode: 0o7777 },
    )
    expect(statSync(join(to, 'old')).mtimeMs).toBe(-1_000_000_000_500)
    expect(statSync(join(to, 'none')).mtimeMs).toBe(0)
    const umask = process.umask()
    expect(statSync(join(to, 'old')).mode & 0o7777).toBe(0o777 & ~umask)
    expect(statSync(join(to, 'sticky')).mode & 0o7777).toBe(0o777 & ~umask)
  })
})

describe('hard links', () => {
  const entries = [
    { name: 'a/file', data: 'contents' },
    { name: 'b/link', type: '1', linkname: 'a/file' },
    { name: 'b/link-of-link', type: '1', linkname: './b/link' },
  ]

  it('stay what they are if their file is extracted', async () => {
    const { to } = await extractEntries(...entries)
    expect(statSync(join(to, 'b/link-of-link')).nlink).toBe(3)
  })

  it('become one copy if it is not', async () => {
    const file = archive(...entries, { name: 'c', type: '1', linkname: 'a/file' })
    const to = join(dirname(file), 'to')
    const result = await extractFile(file, { to, paths: ['b', '/c'] })
    expect(result).toMatchObject({ entries: 3, bytes: 8 })
    expect(readdirSync(to)).toEqual(['b', 'c'])
    expect(readFileSync(join(to, 'c'), 'utf8')).toBe('contents')
    expect(statSync(join(to, 'c')).nlink).toBe(3)
  })
})

describe('the folder', () => {
  const file = () =>
    archive({ name: 'sub/', type: '5', mode: 0o555, mtime: 1000 }, { name: 'a', data: 'x' }, { name: 'sub/b' })

  it('may be there if it is empty, and keeps what others put there', async () => {
    const to = temporaryFolder()
    await extractFile(file(), { to })
    expect(readdirSync(to)).toEqual(['a', 'sub'])
    expect(statSync(join(to, 'sub')).mtimeMs).toBe(1_000_000)
    await expect(extractFile(file(), { to })).rejects.toMatchObject({
      code: 'EXTRACT_IN_THE_WAY',
      message: `${to}: is there, and not an empty folder: give the name of a new folder`,
    })
    const link = join(temporaryFolder(), 'link')
    symlinkSync('/nowhere', link)
    await expect(extractFile(file(), { to: link })).rejects.toMatchObject({ code: 'EXTRACT_IN_THE_WAY' })
    writeFileSync(`${link}2`, '')
    await expect(extractFile(file(), { to: `${link}2` })).rejects.toMatchObject({
      code: 'EXTRACT_IN_THE_WAY',
      message: `${link}2: is there, and not an empty folder: give the name of a new folder`,
    })
    await expect(extractFile(file(), { to: `${link}2/sub` })).rejects.toMatchObject({
      code: 'EXTRACT_FAILED',
      message: `${link}2: is in the way and not a folder; remove it or choose another folder`,
    })
  })

  it('is as it was if somebody puts something into it meanwhile, but for that', async () => {
    const to = temporaryFolder()
    const target = await openTarget(to)
    mkdirSync(join(target.tree, 'read-only'), { mode: 0o555 })
    for (const name of ['a', 'b', 'z']) writeFileSync(join(target.tree, name), 'of the image')
    const last = readdirSync(target.tree).at(-1)!
    writeFileSync(join(to, last), 'of somebody')
    await expect(target.commit()).rejects.toMatchObject({
      code: 'EXTRACT_IN_THE_WAY',
      message: `${to}: has ${last} in it: give the name of a new folder`,
    })
    await target.discard()
    expect(readdirSync(to)).toEqual([last])
    expect(readFileSync(join(to, last), 'utf8')).toBe('of somebody')
  })

  it('is as it was if reading ends early, or somebody gives up', async () => {
    const image = file()
    writeFileSync(
      image,
      Buffer.concat([
        readFileSync(image).subarray(0, 1536),
        rawEntry({ name: 'z', data: 'z'.repeat(5000) }).subarray(0, 2000),
      ]),
    )
    const to = join(dirname(image), 'to')
    await expect(extractFile(image, { to })).rejects.toMatchObject({ code: 'OPEN_CORRUPT' })
    const there = temporaryFolder()
    await expect(extractFile(image, { to: there })).rejects.toMatchObject({ code: 'OPEN_CORRUPT' })
    expect([existsSync(to), readdirSync(there), readdirSync(dirname(image))]).toEqual([false, [], ['a.tar']])
    const reason = new Error('enough')
    await expect(extractFile(file(), { to, signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })

  it('is told when it is extracted, with what was left out', async () => {
    const image = archive(
      { name: 'a', data: 'x' },
      { name: 'p\x1b[2J', type: '6' },
      rawPax({ 'SCHILY.xattr.user.a': 'b' }),
      { name: 'c' },
    )
    const to = join(dirname(image), 'to')
    const { code, stdout } = await runCommand(['extract', image, '--to', to])
    expect([code, stdout.toString().split('\n')]).toEqual([
      0,
      [`2 entries, 1 B, in ${to}`, 'left out: /p\\x1b[2J, a fifo', 'left out: extended attributes of 1 entries', ''],
    ])
  })
})

describe.skipIf(process.geteuid?.() !== 0)('extract with owners', () => {
  it('takes the umask from directories that have no entry, as GNU tar does, and from nothing else', async () => {
    const file = archive({ name: 'd/e/file', mode: 0o666 }, { name: 'f/', type: '5', mode: 0o2777 })
    const expected = join(dirname(file), 'expected')
    const to = join(dirname(file), 'to')
    mkdirSync(expected)
    execFileSync('tar', ['-C', expected, '-xpf', file])
    await extractFile(file, { to, sameOwner: true })
    const modesIn = (folder: string) => ['d', 'd/e', 'd/e/file', 'f'].map(path => statSync(join(folder, path)).mode)
    expect(modesIn(to)).toEqual(modesIn(expected))
    expect(statSync(to).mode & 0o7777).toBe(0o777 & ~process.umask())
  })
})

describe('extract of what a hostile image says', () => {
  it.skipIf(process.geteuid?.() !== 0).each(['1.5', '1e300', '-5', '4294967295'])('refuses the owner %s', async uid => {
    const file = archive(rawPax({ uid }), { name: 'file' })
    const refusal = {
      name: 'ExtractError',
      code: 'EXTRACT_UNSAFE',
      message: expect.stringMatching(/^\/file: has the owner/),
    }
    const to = join(temporaryFolder(), 'to')
    await expect(extractFile(file, { to, sameOwner: true })).rejects.toMatchObject(refusal)
    await expect(extractFile(file, { to })).resolves.toMatchObject({ entries: 1 })
  })

  it('tells of a name in one line', async () => {
    const file = archive({ name: 'a\nb', type: '1', linkname: 'c\rd' })
    await expect(extractFile(file, { to: join(temporaryFolder(), 'to') })).rejects.toThrow(
      String.raw`/a\x0ab: is a hard link to /c\x0dd, which is no file of the image`,
    )
  })
})
