import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ownThreadName } from '../../src/disk/thread-name.ts'
import { build, generateKeyPair, type ImageSpec, NspawnRootfsError, publishImages } from '../../src/index.ts'
import { createChrootStore } from '../chroot-store.ts'
import { REPOSITORY } from './support/cli.ts'
import { needsRoot } from './support/root.ts'
import { createScratch, type Scratch } from './support/scratch.ts'

const real = needsRoot('setpriv', 'unshare', 'mount', 'mkfifo')

const NOBODY = 65534
const LOCK = '.nspawn-rootfs.lock'

describe.skipIf(real.skip)(`root in a folder that others may write${real.because}`, () => {
  let scratch: Scratch
  let image: ImageSpec
  let signed: ImageSpec
  /** What nobody may touch. */
  let precious = ''
  let folder = ''
  beforeAll(async () => {
    scratch = createScratch()
    const place = scratch.make('store')
    const store = createChrootStore(place)
    store.add('a', { contents: 'x' })
    const keyFile = join(place, 'secret.asc')
    writeFileSync(keyFile, (await generateKeyPair({ name: 'test' })).secretKey)
    image = { source: store.source, name: 'image', format: 'tar' }
    signed = { ...image, signing: { keyFile } }
  })
  afterAll(() => scratch?.remove())
  beforeEach(() => {
    folder = scratch.make('shared')
    chmodSync(folder, 0o1777)
    precious = scratch.make('precious')
    for (let n = 0; n < 50; n++) writeFileSync(join(precious, `${n}`), '')
  })

  const buildHere = (spec: ImageSpec = image) => build(spec, { workers: 1, cache: false }).toFolder(folder)
  const namesHere = () => readdirSync(folder).sort()
  const sumsHere = () => readFileSync(join(folder, 'SHA256SUMS'), 'utf8')
  const lineOf = (name: string) => `${digestOf(readFileSync(join(folder, name), 'utf8'))}  ${name}\n`
  const expectPrecious = () => expect(readdirSync(precious)).toHaveLength(50)

  /** Lets somebody else own something, or a file that is made for it. */
  function plant(name: string, contents?: string): string {
    const path = join(folder, name)
    if (contents !== undefined) writeFileSync(path, contents)
    lchownSync(path, NOBODY, NOBODY)
    return path
  }

  function plantLink(name: string, target: string): string {
    symlinkSync(target, join(folder, name))
    return plant(name)
  }

  /** The name of a thread that has ended. */
  async function endedName(): Promise<string> {
    const child = spawn('true')
    await once(child, 'exit')
    const [space, , start] = ownThreadName().split('-')
    return `${space}-${child.pid}-${start}`
  }

  const digestOf = (contents: string) => createHash('sha256').update(contents).digest('hex')

  describe('leaves alone, and names, what looks like a left-over', () => {
    it.each(['a folder', 'a marked folder', 'a link', 'a file'])('%s', async kind => {
      const id = `${await endedName()}-0badcafe`
      const path = join(folder, `.nspawn-rootfs-${id}`)
      if (kind === 'a link') symlinkSync(precious, path)
      else if (kind === 'a file') writeFileSync(path, '')
      else {
        mkdirSync(path, { mode: 0o700 })
        symlinkSync(precious, join(path, 'inside'))
        if (kind === 'a marked folder') symlinkSync(id, join(path, '.owner'))
      }
      plant(`.nspawn-rootfs-${id}`)
      const { warnings } = await buildHere()
      expect(warnings).toEqual([
        expect.objectContaining({
          ...{ code: 'LEFT_OVER_NOT_OWN', path },
          message: expect.stringContaining('belongs to another user (ID 65534); have it removed'),
        }),
      ])
      expect(lstatSync(path).uid).toBe(NOBODY)
      expectPrecious()
    })

    it('of which there are many', async () => {
      const id = await endedName()
      for (let n = 0; n < 100; n++) plant(`.nspawn-rootfs-${id}-${n}`, '')
      const { warnings } = await buildHere()
      expect(warnings).toHaveLength(4)
      expect(warnings[3]?.message).toBe(`${folder}: has 97 more of these`)
    })
  })

  describe('is told at once of a lock that belongs to somebody else:', () => {
    it.each<[string, () => void]>([
      ['a file', () => writeFileSync(join(folder, LOCK), '')],
      ['a folder', () => mkdirSync(join(folder, LOCK))],
      ['a pipe', () => void execFileSync('mkfifo', [join(folder, LOCK)])],
      ['a link of a thread that runs', () => symlinkSync(ownThreadName(), join(folder, LOCK))],
      ['a link of nobody', () => symlinkSync('x', join(folder, LOCK))],
      [
        'a link of a thread that has ended',
        () => symlinkSync(`${ownThreadName().split('-')[0]}-1073741824-1`, join(folder, LOCK)),
      ],
    ])('%s', async (_, make) => {
      make()
      plant(LOCK)
      await expect(buildHere()).rejects.toMatchObject({
        ...{ code: 'OUTPUT_FAILED', path: join(folder, LOCK) },
        message: expect.stringMatching(
          /belongs to another user \(ID 65534\); have it removed .* or choose another folder$/,
        ),
      })
      expect(namesHere()).toEqual([LOCK])
    })

    it('one that keeps a lock of this user from being removed', async () => {
      const thread = `${ownThreadName().split('-')[0]}-1073741824-1`
      symlinkSync(thread, join(folder, LOCK))
      const removal = `${LOCK}-${digestOf(thread).slice(0, 16)}`
      symlinkSync('x', join(folder, removal))
      plant(removal)
      await expect(buildHere()).rejects.toMatchObject({ code: 'OUTPUT_FAILED', path: join(folder, removal) })
    })
  })

  it('leaves alone what a build works in that /proc does not show', async () => {
    // Without capabilities and in another group, root does not see the processes of root that has some.
    const working = ownThreadName()
    const staging = join(folder, `.nspawn-rootfs-${working}-0badcafe`)
    mkdirSync(staging, { mode: 0o700 })
    symlinkSync(`${working}-0badcafe`, join(staging, '.owner'))
    const script = `import { build } from '${REPOSITORY}/src/index.ts'
      import { readdirSync } from 'node:fs'
      if (readdirSync('/proc').includes('${process.pid}')) throw new Error('it is seen')
      await build(${JSON.stringify(image)}, { workers: 1, cache: false }).toFolder('${folder}')`
    const hidden =
      'mount -t proc -o hidepid=2 proc /proc && exec setpriv --bounding-set=-all --regid=1 --clear-groups "$@"'
    const node = [process.execPath, '--input-type=module', '-e', script]
    execFileSync('unshare', ['--mount', 'sh', '-c', hidden, 'sh', ...node], { stdio: 'pipe' })
    expect(namesHere()).toContain(`.nspawn-rootfs-${working}-0badcafe`)
    rmSync(staging, { recursive: true })
    expect(namesHere()).toEqual(['SHA256SUMS', 'image.manifest.json', 'image.tar'])
  })

  it('refuses a link of somebody else to what is not theirs, and takes one to what is', async () => {
    const path = plantLink('images', precious)
    await expect(build(image, { workers: 1, cache: false }).toFolder(path)).rejects.toMatchObject({
      ...{ code: 'OUTPUT_FAILED', path },
      message: expect.stringContaining(
        'is a symlink of another user (ID 65534) to what is not theirs; name the folder',
      ),
    })
    expectPrecious()
    chownSync(precious, NOBODY, NOBODY)
    await build(image, { workers: 1, cache: false }).toFolder(path)
    expect(readdirSync(precious)).toContain('image.tar')
  })

  describe('writes into the folder that it began with, though its owner puts a link to another one in its place:', () => {
    it.each<[string, (out: string) => Promise<unknown>]>([
      ['a build', out => build(signed, { workers: 1, cache: false }).toFolder(out)],
      ['a publication', out => publishImages([signed], out, { workers: 1, cache: false, version: 'v1' })],
    ])('%s', async (_, run) => {
      const out = join(folder, 'images')
      mkdirSync(out)
      chownSync(out, NOBODY, NOBODY)
      const spare = plantLink('spare', precious)
      for (const name of ['image.tar', 'image.manifest.json', 'SHA256SUMS', 'SHA256SUMS.gpg', 'SHA256SUMS.asc']) {
        writeFileSync(join(precious, name), 'precious')
      }
      const before = readdirSync(precious)
      const exchange = () => {
        renameSync(out, join(folder, 'aside'))
        renameSync(spare, out)
        renameSync(join(folder, 'aside'), spare)
      }
      for (let moment = 0; moment < 20; moment++) {
        const timer = setInterval(exchange, 5 + moment)
        await run(out).catch(error => expect(error).toBeInstanceOf(NspawnRootfsError))
        clearInterval(timer)
        if (lstatSync(out).isSymbolicLink()) exchange()
        expect(readdirSync(precious)).toEqual(before)
        for (const name of before.slice(-5))
          expect(readFileSync(join(precious, name), 'utf8')).toMatch(/^(?:precious)?$/)
        rmSync(out, { recursive: true })
        mkdirSync(out)
        chownSync(out, NOBODY, NOBODY)
      }
    })
  })

  describe('signs nothing that somebody else has put there:', () => {
    const EVIL = `${digestOf('evil')}  evil.tar`
    beforeEach(() => chmodSync(folder, 0o777))

    it('no line of SHA256SUMS, though a manifest of theirs confirms it', async () => {
      await buildHere({ ...image, name: 'other' })
      const line = sumsHere()
      plant('evil.tar', 'evil')
      plant(
        'evil.manifest.json',
        JSON.stringify({ artefacts: [{ file: 'evil.tar', size: 4, sha256: digestOf('evil') }] }),
      )
      plant('SHA256SUMS', `${EVIL}\n${line}`)
      const { warnings, sha256 } = await buildHere(signed)
      expect(sumsHere()).toBe(`${lineOf('image.manifest.json')}${sha256}  image.tar\n${line}`)
      expect(line).toContain(lineOf('other.manifest.json'))
      expect(warnings).toEqual([
        expect.objectContaining({
          ...{ code: 'CHECKSUMS_NOT_OWN', path: join(folder, 'SHA256SUMS') },
          message: expect.stringContaining('no longer lists evil.tar: others can write into this folder'),
        }),
      ])
    })

    it('no line that a build without a signature has kept', async () => {
      plant('evil.tar', 'evil')
      plant('SHA256SUMS', `${EVIL}\n`)
      await buildHere()
      expect(sumsHere()).toContain(EVIL)
      const { sha256 } = await buildHere(signed)
      expect(sumsHere()).toBe(`${lineOf('image.manifest.json')}${sha256}  image.tar\n`)
    })

    it('no settings', async () => {
      const path = plant('image.nspawn', '[Exec]\nPrivateUsers=no\n')
      await expect(buildHere(signed)).rejects.toMatchObject({
        ...{ code: 'OUTPUT_FAILED', path },
        message: expect.stringContaining(
          'others may have put it there (it belongs to another user (ID 65534)): remove it',
        ),
      })
      expect(namesHere()).toEqual(['image.nspawn'])
    })
  })

  it('replaces nothing that somebody else has in a sticky folder', async () => {
    const path = plant('SHA256SUMS', 'theirs')
    await expect(buildHere()).rejects.toMatchObject({
      ...{ code: 'OUTPUT_FAILED', path },
      message: expect.stringContaining('belongs to another user (ID 65534), and would be replaced'),
    })
    expect(sumsHere()).toBe('theirs')
  })

  it('removes no settings because a manifest of somebody else says that they are old', async () => {
    chmodSync(folder, 0o777)
    writeFileSync(join(folder, 'image.nspawn'), '[Exec]\n')
    const artefacts = [{ file: 'image.nspawn', size: 7, sha256: digestOf('[Exec]\n') }]
    plant('image.manifest.json', JSON.stringify({ artefacts }))
    await buildHere()
    expect(readFileSync(join(folder, 'image.nspawn'), 'utf8')).toBe('[Exec]\n')
  })
})
