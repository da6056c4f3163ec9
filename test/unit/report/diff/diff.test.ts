import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { build } from '../../../../src/index.ts'
import { openImage, type RandomAccess } from '../../../../src/open/index.ts'
import { diffImages } from '../../../../src/report/index.ts'
import { type ChrootStore, createChrootStore } from '../../../chroot-store.ts'
import { bulk, PROGRAM } from '../../../nixos-store.ts'
import { END_OF_TAR, type RawEntry, rawEntry, rawPax } from '../../../raw-tar.ts'
import { temporaryFolder } from '../../../temporary.ts'
import type { Tree } from '../../nix/nar-support.ts'
import { countingSource } from '../../open/support.ts'

/** A tar archive in memory. */
function tarOf(...entries: readonly (RawEntry | Buffer)[]): RandomAccess {
  const bytes = Buffer.concat([...entries.map(each => (Buffer.isBuffer(each) ? each : rawEntry(each))), END_OF_TAR])
  return { size: bytes.length, read: async (offset, length) => new Uint8Array(bytes.subarray(offset, offset + length)) }
}

async function diffTars(old: readonly (RawEntry | Buffer)[], now: readonly (RawEntry | Buffer)[]) {
  await using before = await openImage(tarOf(...old))
  await using after = await openImage(tarOf(...now))
  return await diffImages(before, after)
}

describe('the files of two images', () => {
  it('are the same whatever their order, times and format', async () => {
    const old = [
      { name: './', type: '5' },
      { name: 'a', data: 'A' },
      { name: 'b', data: 'B', mtime: 5 },
    ]
    const now = [{ name: 'b', data: 'B' }, rawPax({ path: 'a' }), { name: 'x', data: 'A' }, { name: '/', type: '5' }]
    expect(await diffTars(old, now)).toMatchObject({ isSame: true, packages: [], files: { changes: [], omitted: 0 } })
  })

  it('differ in all that an importer makes of them', async () => {
    const old: RawEntry[] = [
      { name: 'etc/as-long', data: 'one\ntwo\n' },
      { name: 'etc/binary', data: '\0one' },
      { name: 'etc/device', type: '3', bytes: { 329: '0000005\0', 337: '0000001\0' } },
      { name: 'etc/gone', data: 'gone\n' },
      { name: 'etc/kind', type: '5' },
      { name: 'etc/link', type: '2', linkname: 'one' },
      { name: 'etc/mode', data: 'm', mode: 0o644 },
      { name: 'etc/owner', data: 'o', uid: 0, gid: 0 },
      { name: 'etc/same', data: 's' },
      { name: 'etc/twice', data: 'first' },
      { name: 'etc/twice', data: 'second' },
    ]
    const now: RawEntry[] = [
      { name: 'etc/as-long', data: 'one\nTWO\n' },
      { name: 'etc/binary', data: '\0two' },
      { name: 'etc/device', type: '3', bytes: { 329: '0000005\0', 337: '0000002\0' } },
      { name: 'etc/fresh', data: 'fresh' },
      { name: 'etc/kind', data: 'file\n' },
      { name: 'etc/link', type: '2', linkname: 'two' },
      { name: 'etc/mode', data: 'm', mode: 0o4755 },
      { name: 'etc/owner', data: 'o', uid: 1000, gid: 100 },
      { name: 'etc/same', data: 'x' },
      { name: 'etc/same', data: 's' },
      { name: 'etc/twice', data: 'second' },
    ]
    const { isSame, files } = await diffTars(old, now)
    expect(isSame).toBe(false)
    expect(files.omitted).toBe(0)
    const found = files.changes.map(({ path, kind, aspects, diff, withoutDiff }) => [
      path.slice(5),
      kind,
      aspects.join(' '),
      diff ?? withoutDiff,
    ])
    expect(found).toEqual([
      ['as-long', 'changed', 'contents', '@@ -1,2 +1,2 @@\n one\n-two\n+TWO'],
      ['binary', 'changed', 'contents', 'binary'],
      ['device', 'changed', 'device', undefined],
      ['fresh', 'added', '', '@@ -0,0 +1,1 @@\n+fresh\n\\ No newline at end of file'],
      ['gone', 'removed', '', '@@ -1,1 +0,0 @@\n-gone'],
      ['kind', 'changed', 'type', '@@ -0,0 +1,1 @@\n+file'],
      ['link', 'changed', 'target', undefined],
      ['mode', 'changed', 'mode', undefined],
      ['owner', 'changed', 'owner', undefined],
    ])
    const link = files.changes.find(({ path }) => path === '/etc/link')
    expect(link).toMatchObject({ old: { type: 'symlink', target: 'one' }, new: { target: 'two' } })
  })

  it('are listed up to a limit, and compared beyond', async () => {
    const many = (data: string) => Array.from({ length: 2100 }, (_, i) => ({ name: `f${i}`, data }))
    const { files } = await diffTars(many('a'), many('b'))
    expect(files.changes).toHaveLength(2000)
    expect(files.omitted).toBe(100)
  })

  it('are not shown if they are large or too different', async () => {
    const lines = (count: number, end: string) => Array.from({ length: count }, (_, i) => `${i}${end}\n`).join('')
    const old = [
      { name: 'a', data: lines(60_000, '') },
      { name: 'b', data: lines(10_000, 'x') },
    ]
    const now = [
      { name: 'a', data: lines(60_001, '') },
      { name: 'b', data: lines(10_000, 'y') },
    ]
    const { files } = await diffTars(old, now)
    expect(files.changes.map(({ diff, withoutDiff }) => diff ?? withoutDiff)).toEqual(['large', 'large'])
  })

  it('differ only in digests where links lead to another build', async () => {
    const link = (digit: string) => [
      { name: 'init', type: '2', linkname: `/nix/store/${digit.repeat(32)}-system/init` },
    ]
    const { isSame, files } = await diffTars(link('a'), link('b'))
    expect(isSame).toBe(false)
    expect(files.changes).toMatchObject([{ path: '/init', aspects: ['target'], isOnlyDigests: true }])
  })
})

/** What differs between the two systems that {@link buildSystem} makes. */
interface Version {
  readonly name: string
  readonly port: number
  /** Whether the unit is started at boot. */
  readonly isWanted: boolean
}

/** An image of a system with a unit, as NixOS has them: its `etc` is a tree of links into the store. */
async function buildSystem(store: ChrootStore, folder: string, { name, port, isWanted }: Version): Promise<string> {
  const link = (symlink: string): Tree => ({ symlink })
  const shell = store.add('shell', PROGRAM)
  const large = store.add('large', bulk(5))
  const web = store.add(`web-${name}`, { children: { bin: { children: { web: PROGRAM } } } })
  const unit = (key: string, text: string) =>
    store.add(`unit-${key}`, { children: { [key]: { contents: text } } }, text.includes(web) ? [web] : [])
  const webUnit = unit('web.service', `[Service]\nExecStart=${web}/bin/web\nEnvironment=PORT=${port}\n`)
  const sameUnit = unit('same.service', '[Service]\n')
  const units = store.add(
    `system-units-${name}`,
    {
      children: {
        'same.service': link(`${sameUnit}/same.service`),
        'web.service': link(`${webUnit}/web.service`),
        ...(isWanted && { 'multi-user.target.wants': { children: { 'web.service': link('../web.service') } } }),
      },
    },
    [webUnit, sameUnit],
  )
  const motd = store.add('motd', { contents: 'Welcome\n' })
  const etc = store.add(
    `etc-${name}`,
    {
      children: {
        etc: {
          children: {
            // The same in both, and so it is not looked into.
            large: link(large),
            motd: link(motd),
            mtab: link('/proc/mounts'),
            'os-release': { contents: 'ID=nixos\n' },
            systemd: { children: { system: link(units) } },
          },
        },
      },
    },
    [units, motd, large],
  )
  const toplevel = store.add(
    'nixos-system-test',
    {
      children: {
        init: { contents: `#!${shell}\nnix-store --load-db < /nix-path-registration\n`, executable: true },
        'nixos-version': { contents: '25.11' },
        sw: { children: { bin: { children: { 'nix-store': PROGRAM } } } },
        etc: link(`${etc}/etc`),
        system: { contents: 'x86_64-linux' },
      },
    },
    [etc, shell, web, large],
  )
  const spec = { source: store.source, toplevel, name: 'web', level: 1 }
  const { image } = await build(spec, { workers: 1, cache: false }).toFolder(join(folder, name))
  return image
}

/** Two systems that differ in a package, its unit and what follows from them. */
async function buildTwo(folder: string) {
  const build = (name: string, port: number, isWanted: boolean) =>
    buildSystem(createChrootStore(join(folder, `store-${name}`)), folder, { name, port, isWanted })
  return { old: await build('1.9', 80, false), now: await build('1.10', 8080, true) }
}

describe('two systems', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nspawn-rootfs-test-'))
  let old: string
  let now: string
  beforeAll(async () => {
    const built = await buildTwo(folder)
    old = built.old
    now = built.now
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it.each([undefined, false] as const)('differ in packages and units: manifest %j', async manifest => {
    await using before = await openImage(old, { manifest })
    await using after = await openImage(now, { manifest })
    const { packages, configuration, files, isSame } = await diffImages(before, after)
    expect(isSame).toBe(false)
    expect(packages.map(({ name, kind, oldVersions, newVersions }) => [name, kind, oldVersions, newVersions])).toEqual([
      ['etc', 'upgraded', ['1.9'], ['1.10']],
      ['nixos-system', 'rebuilt', [], []],
      ['system-units', 'upgraded', ['1.9'], ['1.10']],
      ['unit-web.service', 'rebuilt', [], []],
      ['web', 'upgraded', ['1.9'], ['1.10']],
    ])
    expect(packages.every(({ newFileSize }) => (newFileSize === undefined) === (manifest === false))).toBe(true)
    expect(configuration.changes.map(({ path, kind }) => [path, kind])).toEqual([
      ['/etc/systemd/system/multi-user.target.wants/web.service', 'added'],
      ['/etc/systemd/system/web.service', 'changed'],
    ])
    const { diff } = configuration.changes[1]!
    expect(diff).toMatch(
      /^@@ -1,3 \+1,3 @@\n \[Service\]\n-ExecStart=.*-web-1\.9\/bin\/web\n-Env.*=80\n\+Exec.*\n\+Env.*=8080$/,
    )
    expect(files.changes).toMatchObject([{ path: '/nix-path-registration', withoutDiff: 'registration' }])
    expect(files.changes[0]).not.toHaveProperty('diff')
  })

  it('are compared without the blocks that only have what is the same', async () => {
    const reads: number[] = []
    const source = (file: string) => {
      const counting = countingSource(file)
      return {
        ...counting,
        read(offset: number, length: number) {
          reads.push(offset)
          return counting.read(offset, length)
        },
      }
    }
    const manifestOf = (image: string) => image.replace('.tar.xz', '.manifest.json')
    await using before = await openImage(source(old), { manifest: manifestOf(old) })
    await using after = await openImage(source(now), { manifest: manifestOf(now) })
    const { old: told, new: toldNew } = await diffImages(before, after)
    const large = before.manifest!.segments.filter(({ storePath }) => storePath?.endsWith('-large'))
    const blocks = before.manifest!.blocks.filter(block =>
      large.some(
        ({ tarOffset, tarSize }) =>
          block.tarOffset >= tarOffset && block.tarOffset + block.tarSize <= tarOffset + tarSize,
      ),
    )
    expect(blocks.length).toBeGreaterThan(0)
    expect(reads.filter(offset => blocks.some(block => block.offset === offset))).toEqual([])
    expect(told.bytesRead).toBeLessThan(told.size / 4)
    expect(toldNew.bytesRead).toBeGreaterThan(0)
  })

  it('are the same as themselves, and differ in settings', async () => {
    await using before = await openImage(old)
    await using after = await openImage(old, { manifest: false })
    expect((await diffImages(before, after)).isSame).toBe(true)
    const oldSettings = '[Network]\nPort=80\n'
    expect(await diffImages(before, after, { oldSettings, newSettings: oldSettings })).toMatchObject({ isSame: true })
    expect(await diffImages(before, after, { oldSettings, newSettings: '[Network]\nPort=81\n' })).toMatchObject({
      isSame: false,
      settings: { kind: 'changed', diff: '@@ -1,2 +1,2 @@\n [Network]\n-Port=80\n+Port=81' },
    })
  })

  it('have packages that were rebuilt at the same path with other contents', async () => {
    const folder = temporaryFolder()
    const images = ['one', 'two'].map(async contents => {
      const store = createChrootStore(join(folder, contents))
      const root = store.add('data-1.0', { contents })
      const { image } = await build({ source: store.source, roots: [root], name: contents }, { cache: false }).toFolder(
        folder,
      )
      return image
    })
    await using before = await openImage(await images[0]!)
    await using after = await openImage(await images[1]!)
    const { packages } = await diffImages(before, after)
    expect(packages).toMatchObject([{ name: 'data', kind: 'rebuilt', oldVersions: [], newVersions: [] }])
    expect(packages[0]!.oldPaths).toEqual(packages[0]!.newPaths)
  })
})

it('refuses what is no opened image', async () => {
  await expect(diffImages('a.tar' as never, 'b.tar' as never)).rejects.toThrow(
    /^before: give an object with the methods/,
  )
})
