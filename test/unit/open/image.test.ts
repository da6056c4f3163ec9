import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { build, type ImageFormat } from '../../../src/index.ts'
import { type OpenError, openImage } from '../../../src/open/index.ts'
import { measureImage } from '../../../src/report/index.ts'
import { sendBytes, sendFile, sendStatus, serveCache } from '../../binary-cache.ts'
import { runCommand } from '../../command.ts'
import { bulk, createNixosStore } from '../../nixos-store.ts'
import { needs } from '../../programs.ts'
import { END_OF_TAR, rawEntry, rawPax } from '../../raw-tar.ts'
import { temporaryFolder } from '../../temporary.ts'
import { collect, countingSource, listAll, randomBytes } from './support.ts'

/** Builds an image of a small system, with a large store path of which nobody wants to read. */
async function buildImage(format: ImageFormat = 'tar.xz') {
  const folder = temporaryFolder()
  const store = createNixosStore(folder)
  const large = store.add('large', { contents: randomBytes(6_000_000).toString('latin1') })
  const { toplevel, source } = store
  const out = join(folder, 'out')
  const spec = { source, toplevel, roots: [large], name: 'web', format, level: 1 }
  const { image } = await build(spec, { workers: 1, cache: false }).toFolder(out)
  return { image, toplevel, large, etc: store.etc, manifest: join(out, 'web.manifest.json') }
}

const problemOf = async (work: Promise<unknown>): Promise<OpenError> => {
  const error = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  return error as OpenError
}

describe('an image of ours', () => {
  it('is read by its manifest, and little of it', async () => {
    const { image: file, toplevel, manifest } = await buildImage()
    const source = countingSource(file)
    await using image = await openImage(source, { manifest })
    expect(image.manifest?.name).toBe('web')
    expect((await collect(image.contents(`${toplevel}/nixos-version`))).toString()).toBe('25.11')
    expect((await collect(image.contents('/etc/os-release'))).toString()).toBe('ID=nixos\n')
    expect(source.bytesRead).toBeLessThan(source.size / 4)
  })

  it.each(['tar', 'tar.xz', 'tar.gz', 'tar.zst'] as const)('in %s is right, all of it', async format => {
    const { image: file } = await buildImage(format)
    await using image = await openImage(file)
    const verified = await listAll(image.verify())
    expect(verified.filter(({ isRight }) => !isRight)).toEqual([])
    expect(verified.map(({ path }) => path).sort()).toEqual((await image.storePaths()).map(({ path }) => path).sort())
  })

  it('tells the same store paths by its manifest and by its registration', async () => {
    const { image: file, toplevel, etc } = await buildImage()
    await using image = await openImage(file)
    await using alone = await openImage(file, { manifest: false })
    const registered = await alone.storePaths()
    expect(registered.find(({ path }) => path === toplevel)?.references).toContain(etc)
    expect(await image.storePaths()).toEqual(registered)
  })

  it('tells references by its manifest, and reads nothing for it', async () => {
    const { image: file, manifest, toplevel, etc } = await buildImage()
    const source = countingSource(file)
    await using image = await openImage(source, { manifest })
    const before = source.bytesRead
    const storePaths = await image.storePaths()
    expect(storePaths.find(({ path }) => path === toplevel)?.references).toContain(etc)
    expect(source.bytesRead).toBe(before)
  })

  it('has a directory that is listed without what lies elsewhere', async () => {
    const { image: file, toplevel, manifest, large } = await buildImage()
    const source = countingSource(file)
    await using image = await openImage(source, { manifest })
    const inToplevel = await listAll(image.members({ below: toplevel, depth: 1 }))
    expect(inToplevel.map(({ path }) => path.slice(toplevel.length))).toEqual([
      'etc',
      'init',
      'nixos-version',
      'sw',
      'system',
    ])
    expect(source.bytesRead).toBeLessThan(source.size / 4)
    const top = await listAll(image.members({ depth: 1 }))
    expect(top.map(({ path }) => path)).toContain('nix-path-registration')
    const all = await listAll(image.members())
    expect(all.map(({ path }) => path)).toContain(large.slice(1))
  })

  it('has a directory that is listed without a manifest, and read where it lies once that is known', async () => {
    const { image: file, toplevel, manifest } = await buildImage('tar')
    const source = countingSource(file)
    await using image = await openImage(source, { manifest: false })
    const paths = async (below: string) => (await listAll(image.members({ below }))).map(({ path }) => path)
    await using known = await openImage(file, { manifest })
    const expected = async (below: string) => (await listAll(known.members({ below }))).map(({ path }) => path)
    for (const below of ['/nix/store', '/etc', toplevel]) expect(await paths(below)).toEqual(await expected(below))
    const before = source.bytesRead
    expect(await paths(toplevel)).toEqual(await expected(toplevel))
    expect(source.bytesRead - before).toBeLessThan(source.size / 4)
  })

  it('has entries that come twice, which are listed as often', async () => {
    const file = join(temporaryFolder(), 'twice.tar')
    const entry = (name: string, data: string) => rawEntry({ name, data })
    writeFileSync(file, Buffer.concat([entry('a/x', '1'), entry('b/y', '2'), entry('a/x', '3'), END_OF_TAR]))
    await using image = await openImage(file)
    expect((await listAll(image.members({ below: 'a' }))).map(({ path }) => path)).toEqual(['a/x', 'a/x'])
  })

  it('has entries that depend on a header in front of others', async () => {
    const file = join(temporaryFolder(), 'global.tar')
    const entries = [rawPax({ uid: '7' }, 'g'), rawEntry({ name: 'b/y' }), rawEntry({ name: 'a/x' }), END_OF_TAR]
    writeFileSync(file, Buffer.concat(entries))
    await using image = await openImage(file)
    expect((await image.member('a/x'))?.uid).toBe(7)
    expect((await listAll(image.members({ below: 'a' }))).map(({ uid }) => uid)).toEqual([7])
  })

  it('follows symlinks, or not', async () => {
    const { image: file, toplevel } = await buildImage()
    await using image = await openImage(file)
    expect((await image.member(`${toplevel}/etc`))?.type).toBe('directory')
    expect((await image.member(`${toplevel}/etc`, { follow: false }))?.type).toBe('symlink')
    expect(await image.member('/nothing/here')).toBeUndefined()
    expect(await image.member(`${toplevel}/init/below`)).toBeUndefined()
  })

  it.each(['tar', 'tar.xz', 'tar.gz', 'tar.zst'] as const)(
    'in %s gives contents that are the reader’s own',
    async format => {
      const { image: file } = await buildImage(format)
      await using image = await openImage(file)
      const read = () => collect(image.contents('/etc/os-release'))
      for await (const piece of image.contents('/etc/os-release')) piece.fill(0x21)
      expect((await read()).toString()).toBe('ID=nixos\n')
    },
  )

  it('is opened with a folder in the place of its manifest, unless somebody gives that', async () => {
    const { image: file, manifest, toplevel } = await buildImage()
    rmSync(manifest)
    mkdirSync(manifest)
    await using image = await openImage(file)
    expect((await image.storePaths()).map(({ path }) => path)).toContain(toplevel)
    await expect(openImage(file, { manifest })).rejects.toMatchObject({
      code: 'MANIFEST_WRONG',
      message: `${file}: ${manifest} cannot be read: it is no regular file`,
    })
  })

  it('is opened by a manifest with very many segments', async () => {
    const { image: file, manifest } = await buildImage()
    const other = JSON.parse(readFileSync(manifest, 'utf8'))
    const empty = Array.from({ length: 200_000 }, () => ({ tarOffset: 0, tarSize: 0 }))
    writeFileSync(manifest, JSON.stringify({ ...other, segments: [...empty, ...other.segments] }))
    await using image = await openImage(file)
    expect(image.manifest?.segments.length).toBeGreaterThan(200_000)
  })

  it('does not believe the manifest of another image', async () => {
    const { image: file, manifest } = await buildImage()
    const other = JSON.parse(readFileSync(manifest, 'utf8'))
    other.blocks[1].offset += 4
    writeFileSync(manifest, JSON.stringify(other))
    await using image = await openImage(file)
    expect(image.manifest).toBeUndefined()
    expect((await collect(image.contents('/etc/os-release'))).toString()).toBe('ID=nixos\n')
  })
})

describe('an image that cannot seek', () => {
  it.each<ImageFormat>(['tar.xz', 'tar.gz'])('is measured by its manifest as one that can: %s', async format => {
    const { image: file, manifest } = await buildImage(format)
    const server = await serveCache(dirname(file), () => sendFile)
    const url = `${server.url}/web.${format}`
    await using image = await openImage(url)
    expect([image.isSeekable, image.manifest]).toEqual([false, JSON.parse(readFileSync(manifest, 'utf8'))])
    const before = image.bytesRead
    await using same = await openImage(file)
    expect(await measureImage(image)).toEqual(await measureImage(same))
    expect(image.bytesRead).toBe(before)
    const { stderr, code } = await runCommand(['sizes', url])
    expect([stderr, code]).toEqual(['', 0])
  })

  it('is read without a manifest that the server does not give', async () => {
    const { image: file } = await buildImage('tar.gz')
    const server = await serveCache(dirname(file), ({ path }) => (path.endsWith('.json') ? sendStatus(401) : sendFile))
    await using image = await openImage(`${server.url}/web.tar.gz`)
    expect((await collect(image.contents('/etc/os-release'))).toString()).toBe('ID=nixos\n')
    await expect(openImage(image.name, { manifest: `${server.url}/web.manifest.json` })).rejects.toMatchObject({
      ...{ code: 'HTTP_STATUS', status: 401 },
    })
  })

  it('is refused with the manifest of another, or one that is not there', async () => {
    const { image: file, manifest } = await buildImage('tar.gz')
    const other = JSON.parse(readFileSync(manifest, 'utf8'))
    other.blocks.pop()
    writeFileSync(manifest, JSON.stringify(other))
    expect(await problemOf(openImage(file, { manifest }))).toMatchObject({ code: 'MANIFEST_WRONG' })
    rmSync(manifest)
    expect(await problemOf(openImage(file, { manifest }))).toMatchObject({ code: 'MANIFEST_WRONG' })
    await using image = await openImage(file)
    expect((await image.storePaths()).length).toBeGreaterThan(2)
  })
})

describe('an image on a web server', () => {
  const serve = async (bend?: Parameters<typeof serveCache>[1]) => {
    const built = await buildImage()
    const server = await serveCache(dirname(built.image), bend ?? (() => ranges))
    return { ...built, server, url: `${server.url}web.tar.xz` }
  }

  it('is read by ranges', async () => {
    let sent = 0
    const {
      url,
      image: file,
      toplevel,
    } = await serve(() => (response, bytes, request) => {
      sent += ranges(response, bytes, request)
    })
    await using image = await openImage(url)
    expect(image.manifest).toBeDefined()
    expect((await collect(image.contents(`${toplevel}/nixos-version`))).toString()).toBe('25.11')
    expect(sent).toBeLessThan(readFileSync(file).length / 4)
  })

  it('is read no further than to what is looked for', async () => {
    const folder = temporaryFolder()
    const store = createNixosStore(folder)
    const many = store.add('many', { children: { first: { contents: 'first' }, more: bulk(20) } })
    const { toplevel, source } = store
    const spec = { source, toplevel, roots: [many], name: 'web', level: 0 }
    const { image: file } = await build(spec, { workers: 1, cache: false }).toFolder(join(folder, 'out'))
    let sent = 0
    const server = await serveCache(dirname(file), () => (response, bytes, request) => {
      sent += ranges(response, bytes, request)
    })
    await using image = await openImage(`${server.url}web.tar.xz`)
    const { tarOffset = 0, tarSize = 0 } = image.manifest?.segments.find(({ storePath }) => storePath === many) ?? {}
    const blocks = image.blocks.filter(block => block.tarOffset >= tarOffset && block.tarOffset < tarOffset + tarSize)
    expect(blocks.length).toBeGreaterThan(1)
    sent = 0
    expect((await collect(image.contents(`${many}/first`))).toString()).toBe('first')
    expect(sent).toBeLessThanOrEqual(image.blocks[0].size + blocks[0].size)
    const others = ['more/file19', 'none', 'more', 'more/file0', 'first'].map(name => image.member(`${many}/${name}`))
    const types = (await Promise.all(others)).map(member => member?.type)
    expect(types).toEqual(['file', undefined, 'directory', 'file', 'file'])
  })

  it('is read from its beginning if the server has no ranges', async () => {
    const { url, toplevel } = await serve(() => (response, bytes) => {
      if (bytes === undefined) response.writeHead(404).end()
      else sendBytes(bytes)(response, bytes, undefined!)
    })
    await using image = await openImage(url)
    expect(image.isSeekable).toBe(false)
    expect((await collect(image.contents(`${toplevel}/nixos-version`))).toString()).toBe('25.11')
  })

  it('is refused if it changes meanwhile', async () => {
    let version = 1
    const { url, large } = await serve(() => (response, bytes, request) => {
      response.setHeader('etag', `"${version}"`)
      ranges(response, bytes, request)
    })
    await using image = await openImage(url)
    version = 2
    const error = await problemOf(collect(image.contents(large)))
    expect(error.code).toBe('HTTP_CHANGED')
  })

  it('is named where it is not there', async () => {
    const { server } = await serve(() => sendFile)
    const error = await problemOf(openImage(`${server.url}none.tar.xz`))
    expect(error.code).toBe('OPEN_UNREADABLE')
    expect(error.message).toBe(`${server.url}none.tar.xz: cannot be read: the server has no such file`)
  })

  it('leaves no connection behind', async () => {
    const { url, server } = await serve()
    const image = await openImage(url)
    for await (const _ of image.members()) break
    await image.close()
    await expect.poll(() => server.sockets.size).toBe(0)
  })
})

describe('an image that is broken', () => {
  const xz = needs('xz')

  it.each([
    ['whose bytes end early', (bytes: Buffer) => bytes.subarray(0, bytes.length / 2), 'OPEN_CORRUPT'],
    ['with a byte changed in a block', (bytes: Buffer) => flip(bytes, bytes.length / 2), 'OPEN_CORRUPT'],
    ['with a byte changed in its index', (bytes: Buffer) => flip(bytes, bytes.length - 20), 'OPEN_CORRUPT'],
  ])('%s is told', async (_, change, code) => {
    const { image: file } = await buildImage()
    writeFileSync(file, change(readFileSync(file)))
    const error = await problemOf(readAll(file))
    expect(error.code).toBe(code)
    expect(error.message).toContain(file)
  })

  it.skipIf(xz.skip)(`with a wrong byte in a store path is told of that path${xz.because}`, async () => {
    const { image: file, toplevel } = await buildImage()
    const folder = dirname(file)
    const tar = execFileSync('xz', ['-dc', file], { maxBuffer: 2 ** 28 })
    const at = tar.indexOf('25.11')
    tar.write('25.12', at)
    writeFileSync(join(folder, 'web.tar'), tar)
    await using image = await openImage(join(folder, 'web.tar'), { manifest: false })
    const wrong = (await listAll(image.verify())).filter(({ isRight }) => !isRight)
    expect(wrong).toEqual([
      { path: toplevel, isRight: false, problem: expect.stringMatching(/^has the NAR hash sha256:/) },
    ])
  })

  it.each([
    ['text', Buffer.from('not an image, but long enough to be looked at '.repeat(40)), 'OPEN_CORRUPT'],
    ['nothing', Buffer.alloc(0), 'OPEN_CORRUPT'],
    ['a zip archive', Buffer.from('PK\x03\x04'.padEnd(600)), 'OPEN_UNSUPPORTED'],
    ['a tar that is cut off', rawEntry({ name: 'a', data: Buffer.alloc(4000) }).subarray(0, 2000), 'OPEN_CORRUPT'],
  ])('as it is %s is told', async (_, bytes, code) => {
    const file = join(temporaryFolder(), 'image')
    writeFileSync(file, bytes)
    expect((await problemOf(readAll(file))).code).toBe(code)
  })

  it('has links that lead to each other, and so nowhere', async () => {
    const file = join(temporaryFolder(), 'image.tar')
    const loop = rawEntry({ name: 'a', type: '2', linkname: 'b' })
    writeFileSync(file, Buffer.concat([loop, rawEntry({ name: 'b', type: '2', linkname: 'a' }), END_OF_TAR]))
    await using image = await openImage(file)
    expect(await image.member('/a')).toBeUndefined()
    expect((await image.member('/a', { follow: false }))?.type).toBe('symlink')
  })
})

describe('openImage', () => {
  it('refuses what is no image, by name', async () => {
    await expect(openImage(7 as never)).rejects.toThrow(
      new TypeError('image: give a path, a URL, or an object with size, a number, and read(offset, length)'),
    )
    await expect(openImage('a', { manifests: false } as never)).rejects.toThrow(TypeError)
  })

  it('names a file that is not there, and a folder', async () => {
    const folder = temporaryFolder()
    expect((await problemOf(openImage(join(folder, 'none')))).message).toMatch(/none: cannot be read: no such file/)
    expect((await problemOf(openImage(folder))).message).toMatch(/cannot be read: it is a folder$/)
  })

  it('ends with the reason of the signal', async () => {
    const { image: file } = await buildImage()
    const controller = new AbortController()
    await using image = await openImage(file, { signal: controller.signal })
    const reading = readFully(image.members(), () => controller.abort(new Error('enough')))
    await expect(reading).rejects.toThrow('enough')
    await expect(openImage(file, { signal: controller.signal })).rejects.toThrow('enough')
  })

  it('says of what was closed that it was', async () => {
    const { image: file } = await buildImage()
    const image = await openImage(file)
    await image.close()
    await image.close()
    expect((await problemOf(image.member('/etc'))).code).toBe('OPEN_CLOSED')
  })

  it('says what is wrong with an object that reads less than it is asked for', async () => {
    const short = { size: 5000, read: async () => new Uint8Array(3) }
    await expect(openImage(short)).rejects.toThrow(/source\.read\(0, 6\): gives 3 bytes/)
  })
})

/** Answers a request for a range with it, as static servers do; returns how many bytes that is. */
function ranges(...[response, bytes, request]: Parameters<typeof sendFile>): number {
  if (bytes === undefined) {
    response.writeHead(404).end()
    return 0
  }
  const [, first = '0', last = ''] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? []
  const end = last === '' ? bytes.length : Math.min(Number(last) + 1, bytes.length)
  const part = bytes.subarray(Number(first), end)
  const isPart = request.headers.range !== undefined
  const range = { 'content-range': `bytes ${first}-${end - 1}/${bytes.length}` }
  response.writeHead(isPart ? 206 : 200, { 'content-length': part.length, ...(isPart && range) })
  response.end(part)
  return part.length
}

function flip(bytes: Buffer, at: number): Buffer {
  bytes[Math.floor(at)] ^= 0xff
  return bytes
}

async function readAll(file: string): Promise<void> {
  await using image = await openImage(file, { manifest: false })
  for await (const _ of image.verify());
}

async function readFully(items: AsyncIterable<unknown>, onFirst: () => void): Promise<void> {
  for await (const _ of items) onFirst()
}

it.each([
  ['http://', {}, 'http://: is not a valid URL'],
  ['https://name:secret@[::1/x.tar?token', {}, 'https://[::1/x.tar?...: is not a valid URL'],
  ['x.tar', { manifest: 'http://' }, 'http://: is not a valid URL'],
])('refuses what is no URL: %s %j', async (image, options, message) => {
  await expect(openImage(image, options)).rejects.toMatchObject({ name: 'OpenError', code: 'OPEN_UNREADABLE', message })
})
