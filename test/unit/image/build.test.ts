import { createWriteStream, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { pathToFileURL } from 'node:url'
import { beforeEach, describe, expect, it } from 'vitest'
import { build, FORMATS, type ImageSpec } from '../../../src/index.ts'
import { createNixosStore } from '../../nixos-store.ts'
import { temporaryFolder } from '../../temporary.ts'

describe('a build', () => {
  let spec: ImageSpec
  let out: string
  beforeEach(() => {
    const store = createNixosStore(temporaryFolder())
    spec = { toplevel: store.toplevel, source: store.source, name: 'x', level: 0 }
    out = join(temporaryFolder(), 'out')
  })
  const begin = (more: Partial<ImageSpec> = {}) => build({ ...spec, ...more }, { workers: 1, cache: false })

  it.each(FORMATS)('has the same result in a folder, as a stream, and for who writes: %s', async format => {
    const { image, files, ...inFolder } = await begin({ format }).toFolder(out)
    const job = begin({ format })
    await pipeline(job.stream(), createWriteStream(join(out, 'streamed')))
    expect(readFileSync(join(out, 'streamed')).equals(readFileSync(image))).toBe(true)
    expect(await job.result).toEqual(inFolder)
    expect(await begin({ format }).writeTo(async () => {})).toEqual(inFolder)
    expect(files).toContain(join(out, 'x.manifest.json'))
    expect(JSON.parse(readFileSync(join(out, 'x.manifest.json'), 'utf8'))).toEqual(inFolder.manifest)
  })

  it('takes the URL of a folder', async () => {
    const { image } = await begin().toFolder(pathToFileURL(out))
    expect(image).toBe(join(out, 'x.tar.xz'))
  })

  it('makes one image', async () => {
    const job = begin()
    await job.toFolder(out)
    await expect(job.toFolder(out)).rejects.toThrow('toFolder: this build began with toFolder, and makes one image')
    expect(() => job.stream()).toThrow(TypeError)
    await expect(job.writeTo(async () => {})).rejects.toThrow(TypeError)
  })

  it('is ended where its scope ends, and begins no more', async () => {
    const job = begin()
    const building = job.toFolder(out)
    await job[Symbol.asyncDispose]()
    await expect(building).rejects.toMatchObject({ name: 'AbortError' })
    await expect(job.result).rejects.toMatchObject({ name: 'AbortError' })
    expect(existsSync(out)).toBe(false)
    const unused = begin()
    await unused[Symbol.asyncDispose]()
    await expect(unused.toFolder(out)).rejects.toThrow(TypeError)
    await expect(unused.result).rejects.toMatchObject({ name: 'AbortError' })
  })

  it('has no result where its stream is left', async () => {
    const job = begin({ format: 'tar' })
    for await (const _ of job.stream()) break
    await expect(job.result).rejects.toMatchObject({ name: 'AbortError' })
    const aborted = new AbortController()
    const other = build(spec, { workers: 1, cache: false, signal: aborted.signal })
    await other.stream().next()
    aborted.abort(new Error('enough'))
    await expect(other.result).rejects.toThrow('enough')
  })

  it('rejects its result with the fault of the build', async () => {
    const job = begin({ toplevel: '/nowhere' })
    await expect(job.toFolder(out)).rejects.toMatchObject({ code: 'ROOT_NOT_IN_STORE' })
    await expect(job.result).rejects.toMatchObject({ code: 'ROOT_NOT_IN_STORE' })
  })

  it('resolves paths when it is asked for', async () => {
    const before = process.cwd()
    process.chdir(temporaryFolder())
    try {
      const building = begin().toFolder('out')
      const folder = process.cwd()
      process.chdir('/')
      expect((await building).image).toBe(join(folder, 'out/x.tar.xz'))
    } finally {
      process.chdir(before)
    }
  })
})
