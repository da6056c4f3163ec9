import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ownThreadName } from '../../../src/disk/thread-name.ts'
import { build, type ImageSpec, publishImages } from '../../../src/index.ts'
import { type ChrootStore, createChrootStore } from '../../chroot-store.ts'
import { temporaryFolder } from '../../temporary.ts'

// What is called like an error cannot be looked at: root may look at everything, and others may not start these threads.
vi.mock('node:fs/promises', async importOriginal => {
  const original = await importOriginal<typeof import('node:fs/promises')>()
  const lstat = (async (path: string, options?: object) => {
    const code = ['EACCES', 'EIO'].find(code => path.endsWith(`/${code}`))
    if (code === undefined) return original.lstat(path, options)
    throw Object.assign(new Error(`${code}: it fails, lstat '${path}'`), { code })
  }) as typeof original.lstat
  return { ...original, lstat }
})

let out = ''
let spec: ImageSpec
let store: ChrootStore
beforeEach(() => {
  const folder = temporaryFolder()
  out = join(folder, 'out')
  store = createChrootStore(folder)
  store.add('a', { contents: 'x' })
  spec = { source: store.source, name: 'image', format: 'tar' }
})
/** What a build holds while it gives the artefacts their names. */
const LOCK = '.nspawn-rootfs.lock'
function leaveLock(thread: string): void {
  mkdirSync(out)
  symlinkSync(thread, join(out, LOCK))
}
const buildHere = (more: Partial<ImageSpec> = {}) => build({ ...spec, ...more }, { workers: 1 }).toFolder(out)
const checkSums = () => execFileSync('sha256sum', ['-c', '--strict', 'SHA256SUMS'], { cwd: out, encoding: 'utf8' })

describe('the output folder', () => {
  it('is made, and holds the artefacts and nothing else', async () => {
    out = join(out, 'of', 'some depth')
    const { files, image } = await buildHere({ nspawn: '[Exec]\nBoot=yes\n' })
    const names = ['image.tar', 'image.nspawn', 'image.manifest.json', 'SHA256SUMS']
    expect(files).toEqual(names.map(name => join(out, name)))
    expect(image).toBe(files[0])
    expect(readdirSync(out).sort()).toEqual(names.sort())
    expect(readFileSync(join(out, 'image.nspawn'), 'utf8')).toBe('[Exec]\nBoot=yes\n')
  })

  it('has checksums that sha256sum confirms, of the image, its settings and its manifest', async () => {
    await buildHere({ nspawn: '[Exec]\n' })
    expect(checkSums()).toBe('image.manifest.json: OK\nimage.nspawn: OK\nimage.tar: OK\n')
  })

  it('keeps the checksums of what else is there, of settings that others put there, too', async () => {
    await buildHere({ name: 'other', format: 'tar.gz' })
    writeFileSync(join(out, 'image.nspawn'), '[Exec]\n')
    await buildHere()
    await buildHere()
    const files = ['image.manifest.json', 'image.nspawn', 'image.tar', 'other.manifest.json', 'other.tar.gz']
    expect(checkSums()).toBe(files.map(file => `${file}: OK\n`).join(''))
  })

  it.each([
    ['the manifest', 'image.*'],
    ['no manifest, as older versions did', 'image.tar other.tar'],
  ])('has checksums that hold after a second buildHere, where %s was listed', async (_, listed) => {
    await buildHere({ name: 'other' })
    await buildHere()
    execFileSync('sh', ['-c', `sha256sum ${listed} > SHA256SUMS`], { cwd: out })
    store.add('b', { contents: 'y' })
    await buildHere()
    expect(checkSums()).toContain('image.manifest.json: OK\nimage.tar: OK\n')
  })

  it('keeps the checksums of other files in each spelling, and drops those of files that cannot be there', async () => {
    const sum = (...args: string[]) => execFileSync('sha256sum', args, { cwd: out, encoding: 'utf8' })
    mkdirSync(join(out, 'sub'), { recursive: true })
    for (const name of ['bsd', 'dot', 'sub/name', 'upper']) writeFileSync(join(out, name), name)
    const upper = sum('upper').replace(/^\w+/, digits => digits.toUpperCase())
    const gone = ['bsd/below', 'x'.repeat(300)].map(name => `${'0'.repeat(64)}  ${name}\n`)
    const lines = [sum('--tag', 'bsd'), sum('./dot'), sum('sub/name'), upper, ...gone]
    writeFileSync(join(out, 'SHA256SUMS'), lines.join(''))
    await buildHere()
    const files = ['bsd', 'dot', 'image.manifest.json', 'image.tar', 'sub/name', 'upper']
    expect(checkSums()).toBe(files.map(file => `${file}: OK\n`).join(''))
  })

  it('keeps the checksums of files in folders of others, which may be there', async () => {
    mkdirSync(out)
    const line = `${'0'.repeat(64)}  EACCES\n`
    writeFileSync(join(out, 'SHA256SUMS'), line)
    await buildHere()
    expect(readFileSync(join(out, 'SHA256SUMS'), 'utf8')).toContain(line)
  })

  it('names a file in the list of checksums that cannot be looked for', async () => {
    mkdirSync(out)
    writeFileSync(join(out, 'SHA256SUMS'), `${'0'.repeat(64)}  EIO\n`)
    await expect(buildHere()).rejects.toMatchObject({
      code: 'OUTPUT_FAILED',
      path: join(out, 'EIO'),
      message: expect.stringContaining('cannot be looked for: it fails'),
    })
  })

  it.each(['null', '{"artefacts":[null,1,{}]}', '{"artefacts":{"length":1}}', '{'])(
    'is built where a manifest lies that says %s',
    async text => {
      await buildHere({ nspawn: '[Exec]\n' })
      writeFileSync(join(out, 'image.manifest.json'), text)
      await buildHere()
      checkSums()
    },
  )

  it('is overwritten by the next build', async () => {
    const { sha256 } = await buildHere()
    store.add('b', { contents: 'y' })
    const again = await buildHere()
    expect(again.sha256).not.toBe(sha256)
    checkSums()
    expect(JSON.parse(readFileSync(join(out, 'image.manifest.json'), 'utf8')).artefacts[0].sha256).toBe(again.sha256)
  })

  it('loses what a killed build left, and keeps what a living one works on', async () => {
    const dead = spawn('true')
    await once(dead, 'exit')
    const [space, pid, start] = ownThreadName().split('-')
    const longAgo = new Date('2001-01-01')
    const stale = [
      `${space}-${dead.pid}-${start}-0badcafe`,
      // The same PID, but another process: as in a container, where a nightly job has the same PID every night.
      `${space}-${pid}-1-0badcafe`,
      // Of another namespace, where nobody can be asked, but old.
      '1-1-1-0badcafe',
    ].map(name => `.nspawn-rootfs-${name}`)
    const kept = [`${space}-${pid}-${start}-0badcafe`, '1-2-1-0badcafe', 'x'].map(name => `.nspawn-rootfs-${name}`)
    for (const name of [...stale, ...kept]) {
      mkdirSync(join(out, name), { recursive: true, mode: 0o700 })
      symlinkSync(name.replace('.nspawn-rootfs-', ''), join(out, name, '.owner'))
      writeFileSync(join(out, name, 'image.tar'), 'half')
    }
    utimesSync(join(out, stale[2]), longAgo, longAgo)
    await buildHere()
    const hidden = readdirSync(out).filter(name => name.startsWith('.'))
    expect(hidden.sort()).toEqual(kept.sort())
  })

  it('loses what a build left whose thread was ended, though the process goes on', async () => {
    const script = `
      const { parentPort, workerData } = require('node:worker_threads')
      const never = () => (parentPort.postMessage('building'), new Promise(() => {}))
      import(workerData.module).then(({ build }) =>
        build(workerData.spec, { workers: 1, cache: { get: never, put: never } }).toFolder(workerData.out))`
    const module = new URL('../../../src/index.ts', import.meta.url).href
    const builder = new Worker(script, {
      eval: true,
      workerData: { module, out, spec: { source: store.source, name: 'image' } },
    })
    await once(builder, 'message')
    await builder.terminate()
    const hidden = () => readdirSync(out).filter(name => name.startsWith('.'))
    expect(hidden()).toHaveLength(1)
    await buildHere()
    expect(hidden()).toEqual([])
  })

  it('gives up the settings of an earlier buildHere, unless they were changed', async () => {
    await buildHere({ nspawn: '[Exec]\n' })
    await buildHere()
    expect(readdirSync(out)).not.toContain('image.nspawn')
    expect(checkSums()).toBe('image.manifest.json: OK\nimage.tar: OK\n')
    await buildHere({ nspawn: '[Exec]\n' })
    writeFileSync(join(out, 'image.nspawn'), '[Exec]\nBoot=yes\n')
    await buildHere()
    expect(checkSums()).toBe('image.manifest.json: OK\nimage.nspawn: OK\nimage.tar: OK\n')
  })

  it('has its old image back when another file cannot be replaced', async () => {
    const nspawn = '[Exec]\n'
    const { image, files } = await buildHere({ nspawn })
    const before = readFileSync(image)
    store.add('b', { contents: 'y' })
    const inTheWay = files[1]
    const getInTheWay = () => {
      rmSync(inTheWay, { recursive: true, force: true })
      mkdirSync(inTheWay)
    }
    const again = build({ ...spec, nspawn }, { workers: 1 })
      .on('progress', getInTheWay)
      .toFolder(out)
    await expect(again).rejects.toMatchObject({ code: 'OUTPUT_FAILED', path: inTheWay })
    expect(readFileSync(image).equals(before)).toBe(true)
    expect(readdirSync(out).filter(name => name.startsWith('.'))).toEqual([])
  })

  it.each([
    ['though several end at once', () => {}],
    ['where a killed one left its lock', () => leaveLock(`${ownThreadName().split('-')[0]}-${2 ** 30}-1`)],
  ])('keeps the line of every buildHere, %s', async (_, prepare) => {
    prepare()
    const names = ['a', 'b', 'c', 'd', 'e', 'f']
    await Promise.all(names.map(name => buildHere({ name })))
    expect(checkSums()).toBe(names.map(name => `${name}.manifest.json: OK\n${name}.tar: OK\n`).join(''))
    expect(readdirSync(out).filter(name => name.startsWith('.'))).toEqual([])
  })

  it('need not be waited for while another build finishes there', async () => {
    leaveLock(ownThreadName())
    const signal = AbortSignal.timeout(300)
    await expect(build(spec, { signal }).toFolder(out)).rejects.toMatchObject({ name: 'TimeoutError' })
    expect(readdirSync(out)).toEqual([LOCK])
  })

  it.each([
    ['/proc', () => '/proc/nspawn-rootfs/out'],
    ['a name too long', () => join(out, 'x'.repeat(300))],
  ])('may not be where no folder can be made: %s', async (_, place) => {
    await expect(build(spec).toFolder(place())).rejects.toMatchObject({
      code: 'OUTPUT_FAILED',
      message: expect.stringContaining(place()),
    })
    expect(existsSync(out)).toBe(false)
  })

  it.each(['image.tar', 'image.nspawn', 'image.manifest.json', 'SHA256SUMS'])(
    'may not have a folder for %s',
    async name => {
      mkdirSync(join(out, name), { recursive: true })
      await expect(buildHere({ nspawn: 'x' })).rejects.toMatchObject({ code: 'OUTPUT_FAILED', path: join(out, name) })
      expect(readdirSync(out)).toEqual([name])
    },
  )

  it('replaces a symlink, and not what it points to', async () => {
    mkdirSync(out)
    writeFileSync(join(out, 'precious'), 'old')
    symlinkSync('precious', join(out, 'image.tar'))
    await buildHere()
    expect(readFileSync(join(out, 'precious'), 'utf8')).toBe('old')
  })

  it('may not be that of a publication, whose symlinks would become files', async () => {
    const published = () => publishImages([spec], out, { workers: 1, cache: false, version: '1' })
    await published()
    const before = readdirSync(out)
    await expect(buildHere()).rejects.toMatchObject({
      ...{ code: 'OUTPUT_FAILED', path: out },
      message: expect.stringMatching(/out: has published images.*publish into it instead, or choose another folder$/),
    })
    expect(readdirSync(out)).toEqual(before)
    expect(await published()).toMatchObject({ isNew: false, warnings: [] })
  })

  it('may not be a file', async () => {
    writeFileSync(out, 'precious')
    await expect(buildHere()).rejects.toMatchObject({ code: 'OUTPUT_FAILED', message: expect.stringContaining(out) })
    expect(readFileSync(out, 'utf8')).toBe('precious')
  })

  it('may not lie below a symlink that leads nowhere', async () => {
    symlinkSync('nowhere', out)
    out = join(out, 'folder')
    await expect(buildHere()).rejects.toMatchObject({ code: 'OUTPUT_FAILED' })
  })

  // Root may write everywhere, and only root may become somebody else.
  it.runIf(process.getuid?.() === 0)('is refused where one may not write', async () => {
    mkdirSync(out)
    chmodSync(out, 0o555)
    chmodSync(join(out, '..'), 0o755)
    process.seteuid!(65534)
    try {
      await expect(buildHere()).rejects.toMatchObject({
        code: 'OUTPUT_FAILED',
        message: expect.stringMatching(/denied/),
      })
    } finally {
      process.seteuid!(0)
    }
    expect(readdirSync(out)).toEqual([])
  })

  it('keeps the image of before when the next build fails', async () => {
    const { image } = await buildHere()
    const before = readFileSync(image)
    const path = store.add('c', { contents: 'z' })
    writeFileSync(store.file(path), 'damaged')
    await expect(buildHere()).rejects.toMatchObject({ code: 'NAR_HASH_MISMATCH' })
    expect(readFileSync(image).equals(before)).toBe(true)
    expect(readdirSync(out).sort()).toEqual(['SHA256SUMS', 'image.manifest.json', 'image.tar'])
    checkSums()
  })
})
