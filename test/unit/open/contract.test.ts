import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type OpenedImage, openImage, type RandomAccess } from '../../../src/open/index.ts'
import { needs } from '../../programs.ts'
import { END_OF_TAR, rawEntry } from '../../raw-tar.ts'
import { temporaryFolder } from '../../temporary.ts'
import { collect, compressFile, countingSource, listAll, packFolder, randomBytes } from './support.ts'

const xz = needs('xz')

/** An image with three files, the first and last of which take several pieces to read. */
function makeImage(suffix: '' | '.xz' = ''): string {
  const file = join(temporaryFolder(), 'a.tar')
  const files = ['a', 'b', 'c'].map((name, i) => rawEntry({ name, data: randomBytes(i === 1 ? 10 : 400_000 + i) }))
  writeFileSync(file, Buffer.concat([...files, END_OF_TAR]))
  return suffix === '' ? file : compressFile(file, suffix, ['xz', '-0', '--block-size=100000'])
}

/** An image with a sparse file, and its contents. */
function makeSparse(): { image: string; contents: Buffer } {
  const folder = join(temporaryFolder(), 'tree')
  execFileSync('mkdir', [folder])
  const file = join(folder, 'sparse')
  writeFileSync(file, randomBytes(300_000))
  execFileSync('truncate', ['-s', '1M', file])
  writeFileSync(file, randomBytes(200_000), { flag: 'a' })
  const tar = packFolder(folder, `${folder}.tar`, '-S')
  return { image: compressFile(tar, '.xz', ['xz', '-0', '--block-size=100000']), contents: readFileSync(file) }
}

describe.skipIf(xz.skip)(`contents of a sparse file${xz.because}`, () => {
  it('are the pieces of whoever reads them, as of any file', async () => {
    const { image: file, contents } = makeSparse()
    await using image = await openImage(file)
    const pieces = await listAll(image.contents('/sparse'))
    expect(Buffer.concat(pieces).equals(contents)).toBe(true)
    for (const { buffer } of pieces) structuredClone(buffer, { transfer: [buffer] })
    expect((await collect(image.contents('/sparse'))).equals(contents)).toBe(true)
  })

  it('are as they were after somebody wrote into holes', async () => {
    const { image: file, contents } = makeSparse()
    await using image = await openImage(file)
    for await (const { contents } of image.walk({ paths: ['/sparse'] })) {
      for await (const piece of contents()) piece.fill(7)
    }
    expect((await collect(image.contents('/sparse'))).equals(contents)).toBe(true)
  })
})

describe.skipIf(xz.skip).each(['', '.xz'] as const)(`contents on a walk through an image%s${xz.because}`, suffix => {
  it('are read once', async () => {
    await using image = await openImage(makeImage(suffix))
    for await (const { member, contents, parts } of image.walk()) {
      expect((await collect(contents())).length).toBe(member.size)
      expect(contents).toThrow(
        new TypeError(`/${member.path}: its contents can be read only once; contents() of the image reads it any time`),
      )
      expect(parts).toThrow(TypeError)
    }
  })

  it('are not read on after they were left', async () => {
    await using image = await openImage(makeImage(suffix))
    const paths: string[] = []
    for await (const { member, contents } of image.walk()) {
      for await (const _ of contents()) break
      expect(contents).toThrow(/its contents can be read only once/)
      paths.push(member.path)
    }
    expect(paths).toEqual(['a', 'b', 'c'])
  })

  it('are refused once the next entry was asked for, and not taken for those of another', async () => {
    await using image = await openImage(makeImage(suffix))
    const walk = image.walk()
    const [first, second] = [(await walk.next()).value!, (await walk.next()).value!]
    expect(first.contents).toThrow(/\/a: its contents can be read only until the next entry is asked for/)
    const late = second.contents()
    await walk.next()
    await expect(late.next()).rejects.toThrow(/\/b: the next entry was asked for before its contents were read/)
    expect((await collect(image.contents('/b'))).length).toBe(10)
  })

  it('that are still being read end the walk, and not as those of a damaged image', async () => {
    await using image = await openImage(makeImage(suffix))
    const walk = image.walk()
    const { contents } = (await walk.next()).value!
    const reading = contents().next()
    await expect(walk.next()).rejects.toThrow(/\/a: the next entry was asked for while its contents were read/)
    await reading
  })
})

describe('an image that is closed or aborted', () => {
  it.each<[string, (image: OpenedImage) => PromiseLike<unknown>]>([
    ['members', image => image.members().next()],
    ['walk', image => image.walk().next()],
    ['contents', image => image.contents('/a').next()],
    ['verify', image => image.verify().next()],
    ['member', image => image.member('/a')],
    ['storePaths', image => image.storePaths()],
  ])('says so for %s', async (_, call) => {
    const image = await openImage(makeImage())
    await image.close()
    await expect(call(image)).rejects.toMatchObject({ code: 'OPEN_CLOSED' })
  })

  it('is not opened, however late that comes', async () => {
    const file = makeImage()
    for (let turns = 0; turns < 12; turns++) {
      const controller = new AbortController()
      const opening = openImage(file, { signal: controller.signal })
      for (let turn = 0; turn < turns; turn++) await Promise.resolve()
      controller.abort(new Error('no more'))
      await expect(opening).rejects.toThrow('no more')
    }
  })

  it('does not wait for a source that does not answer', async () => {
    const whole = countingSource(makeImage())
    const never: RandomAccess = { ...whole, read: () => new Promise(() => {}) }
    await expect(openImage(never, { signal: AbortSignal.timeout(20) })).rejects.toThrow('timeout')

    let answers = true
    const image = await openImage({
      ...whole,
      read: (offset, length) => (answers ? whole.read(offset, length) : new Promise(() => {})),
    })
    answers = false
    const reading = image.members().next()
    reading.catch(() => {})
    await setTimeout(5)
    await image.close()
    await expect(reading).rejects.toMatchObject({ code: 'OPEN_CLOSED' })
  })
})

describe('an image refuses', () => {
  it.each<[string, (image: OpenedImage) => PromiseLike<unknown>, string]>([
    [
      'an unknown key of members',
      image => image.members({ bellow: '/' } as object).next(),
      'options.bellow: no such key',
    ],
    [
      'a depth that is no number',
      image => image.members({ depth: '1' as never }).next(),
      'options.depth: give a whole',
    ],
    ['a depth below 0', image => image.members({ depth: -1 }).next(), 'options.depth: give a whole number from 0 on'],
    ['no options of members', image => image.members(null as never).next(), 'options: give an object'],
    ['an unknown key of walk', image => image.walk({ path: ['/'] } as object).next(), 'options.path: no such key'],
    [
      'a list for a set',
      image => image.walk({ except: [] as never }).next(),
      'options.except: give an object with the',
    ],
    ['an unknown key of member', image => image.member('/', { folow: false } as object), 'options.folow: no such key'],
    ['what is no entry', image => image.contents({} as never).next(), 'file: give a path, or an entry'],
  ])('%s', async (_, call, message) => {
    await using image = await openImage(makeImage())
    const error = await call(image).then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(String(error)).toMatch(/^(Type|Range)Error: /)
    expect(String(error)).toContain(message)
  })

  it('no depth without an end', async () => {
    await using image = await openImage(makeImage())
    expect(await listAll(image.members({ depth: Number.POSITIVE_INFINITY }))).toHaveLength(3)
  })
})
