import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { buildImage, type ImageSpec } from '../../../src/index.ts'
import { type ChrootStore, createChrootStore } from '../../chroot-store.ts'
import { temporaryFolder } from '../../temporary.ts'

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
const build = (more: Partial<ImageSpec> = {}) => buildImage({ ...spec, ...more }, out, { workers: 1 })
const checkSums = () => execFileSync('sha256sum', ['-c', '--strict', 'SHA256SUMS'], { cwd: out, encoding: 'utf8' })

describe('the output folder', () => {
  it('is made, and holds the artefacts and nothing else', async () => {
    out = join(out, 'of', 'some depth')
    const { files, image } = await build({ settings: '[Exec]\nBoot=yes\n' })
    const names = ['image.tar', 'image.nspawn', 'image.manifest.json', 'SHA256SUMS']
    expect(files).toEqual(names.map(name => join(out, name)))
    expect(image).toBe(files[0])
    expect(readdirSync(out).sort()).toEqual(names.sort())
    expect(readFileSync(join(out, 'image.nspawn'), 'utf8')).toBe('[Exec]\nBoot=yes\n')
  })

  it('has checksums that sha256sum confirms, of the image and its settings', async () => {
    await build({ settings: '[Exec]\n' })
    expect(checkSums()).toBe('image.nspawn: OK\nimage.tar: OK\n')
  })

  it('keeps the checksums of what else is there, of settings that others put there, too', async () => {
    await build({ name: 'other', format: 'tar.gz' })
    writeFileSync(join(out, 'image.nspawn'), '[Exec]\n')
    await build()
    await build()
    expect(checkSums()).toBe('image.nspawn: OK\nimage.tar: OK\nother.tar.gz: OK\n')
  })

  it('has checksums that hold after a second build, though someone had listed the manifest, too', async () => {
    await build()
    execFileSync('sh', ['-c', 'sha256sum image.* > SHA256SUMS'], { cwd: out })
    store.add('b', { contents: 'y' })
    await build()
    expect(checkSums()).toContain('image.tar: OK\n')
  })

  it('is overwritten by the next build', async () => {
    const { sha256 } = await build()
    store.add('b', { contents: 'y' })
    const again = await build()
    expect(again.sha256).not.toBe(sha256)
    checkSums()
    expect(JSON.parse(readFileSync(join(out, 'image.manifest.json'), 'utf8')).artefacts[0].sha256).toBe(again.sha256)
  })

  it('loses what a killed build left, and keeps what a living one works on', async () => {
    const dead = spawn('true')
    await once(dead, 'exit')
    const living = spawn('sleep', ['1000'])
    try {
      const stale = [`.nspawn-rootfs-${dead.pid}-0badcafe`, '.nspawn-rootfs-99999999-0badcafe']
      const kept = [
        `.nspawn-rootfs-${living.pid}-0badcafe`,
        `.nspawn-rootfs-${process.pid}-0badcafe`,
        '.nspawn-rootfs-x',
      ]
      for (const name of [...stale, ...kept]) {
        mkdirSync(join(out, name), { recursive: true })
        writeFileSync(join(out, name, 'image.tar'), 'half')
      }
      await build()
      expect(
        readdirSync(out)
          .filter(name => name.startsWith('.'))
          .sort(),
      ).toEqual(kept.sort())
    } finally {
      living.kill()
    }
  })

  it.each(['image.tar', 'image.nspawn', 'image.manifest.json', 'SHA256SUMS'])(
    'may not have a folder for %s',
    async name => {
      mkdirSync(join(out, name), { recursive: true })
      await expect(build({ settings: 'x' })).rejects.toMatchObject({ code: 'OUTPUT_FAILED', path: join(out, name) })
      expect(readdirSync(out)).toEqual([name])
    },
  )

  it('replaces a symlink, and not what it points to', async () => {
    mkdirSync(out)
    writeFileSync(join(out, 'precious'), 'old')
    symlinkSync('precious', join(out, 'image.tar'))
    await build()
    expect(readFileSync(join(out, 'precious'), 'utf8')).toBe('old')
  })

  it('may not be a file', async () => {
    writeFileSync(out, 'precious')
    await expect(build()).rejects.toMatchObject({ code: 'OUTPUT_FAILED', message: expect.stringContaining(out) })
    expect(readFileSync(out, 'utf8')).toBe('precious')
  })

  it('may not lie below a symlink that leads nowhere', async () => {
    symlinkSync('nowhere', out)
    out = join(out, 'folder')
    await expect(build()).rejects.toMatchObject({ code: 'OUTPUT_FAILED' })
  })

  it('is refused where one may not write', async () => {
    mkdirSync(out)
    chmodSync(out, 0o555)
    chmodSync(join(out, '..'), 0o755)
    process.seteuid!(65534)
    try {
      await expect(build()).rejects.toMatchObject({ code: 'OUTPUT_FAILED', message: expect.stringMatching(/denied/) })
    } finally {
      process.seteuid!(0)
    }
    expect(readdirSync(out)).toEqual([])
  })

  it('keeps the image of before when the next build fails', async () => {
    const { image } = await build()
    const before = readFileSync(image)
    const path = store.add('c', { contents: 'z' })
    writeFileSync(store.file(path), 'damaged')
    await expect(build()).rejects.toMatchObject({ code: 'NAR_HASH_MISMATCH' })
    expect(readFileSync(image).equals(before)).toBe(true)
    expect(readdirSync(out).sort()).toEqual(['SHA256SUMS', 'image.manifest.json', 'image.tar'])
    checkSums()
  })
})
