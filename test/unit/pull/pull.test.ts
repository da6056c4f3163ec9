import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import { openBlockCache, type PullProgress, pullImage } from '../../../src/index.ts'
import { END_OF_TAR, rawEntry } from '../../raw-tar.ts'
import { sharedFolder, temporaryFolder } from '../../temporary.ts'
import { randomFaults, serve } from './servers.ts'
import { imageIn, makeVersions, noise, PACKAGE_SIZE } from './support.ts'

const CHECKSUM = { verify: 'checksum', cache: false } as const

/** What lies in a folder of pulled images, but for what is hidden. */
const shown = (folder: string) => readdirSync(folder).filter(name => !name.startsWith('.'))

/** What is kept for the next pull. */
const kept = (folder: string) => readdirSync(join(folder, '.web.tar.xz.pull'))

const versions = makeVersions(sharedFolder())
/** Begins to pull, and aborts it half-way. */
async function breakOff(url: string, folder: string): Promise<void> {
  const controller = new AbortController()
  const reason = new Error('enough')
  const pulling = pullImage(url, folder, {
    ...CHECKSUM,
    signal: controller.signal,
    onProgress({ bytesFetched }) {
      if (bytesFetched > 6 * PACKAGE_SIZE) controller.abort(reason)
    },
  })
  await expect(pulling).rejects.toBe(reason)
}

let one: string
let two: string
beforeAll(async () => {
  one = await versions.publish('1')
  two = await versions.publish('2')
})

describe('an image', () => {
  it('is pulled with its manifest, byte for byte', async () => {
    const folder = temporaryFolder()
    const server = await serve(one)
    const pulled = await pullImage(server.url, folder, CHECKSUM)
    expect(shown(folder)).toEqual(['web.manifest.json', 'web.tar.xz'])
    expect(imageIn(folder).equals(imageIn(one))).toBe(true)
    expect(readFileSync(join(folder, 'web.manifest.json'))).toEqual(readFileSync(join(one, 'web.manifest.json')))
    expect(kept(folder)).toEqual(['seen.json'])
    expect(statSync(pulled.image).mode & 0o777).toBe(0o644)
    const { size } = statSync(pulled.image)
    expect(pulled).toEqual({
      image: join(folder, 'web.tar.xz'),
      files: [join(folder, 'web.tar.xz'), join(folder, 'web.manifest.json')],
      size,
      sha256: createHash('sha256').update(imageIn(one)).digest('hex'),
      isNew: true,
      bytesReused: 0,
      bytesFetched: size,
      warnings: [],
    })
  })

  it.each([0o077, 0o027])('has the mode of the files beside it: that of new files under the umask %o', async umask => {
    const before = process.umask(umask)
    try {
      const folder = temporaryFolder()
      const server = await serve(one)
      await pullImage(server.url, folder, CHECKSUM)
      const modes = shown(folder).map(name => statSync(join(folder, name)).mode & 0o777)
      expect(modes).toEqual([0o644 & ~umask, 0o644 & ~umask])
      expect(kept(folder)).toEqual(['seen.json'])
    } finally {
      process.umask(before)
    }
  })

  it('costs what changed where an older one is there', async () => {
    const folder = temporaryFolder()
    const server = await serve(one)
    await pullImage(server.url, folder, CHECKSUM)
    server.folder = two
    server.bytes = 0
    server.requests.length = 0
    const pulled = await pullImage(server.url, folder, CHECKSUM)
    expect(imageIn(folder).equals(imageIn(two))).toBe(true)
    expect(pulled.bytesFetched + pulled.bytesReused).toBe(pulled.size)
    // One of 12 packages, and the registration.
    expect(pulled.bytesFetched).toBeLessThan(1.1 * PACKAGE_SIZE)
    const besides = ['SHA256SUMS', 'web.manifest.json'].map(name => statSync(join(two, name)).size)
    expect(server.bytes).toBe(pulled.bytesFetched + besides[0] + besides[1])
    expect(server.requests.filter(request => request.startsWith('web.tar.xz')).length).toBeLessThan(5)
  })

  it('takes blocks from images that are named, and from the block cache', async () => {
    const server = await serve(two)
    const named = await pullImage(server.url, temporaryFolder(), { ...CHECKSUM, from: [join(one, 'web.tar.xz')] })
    expect(named.bytesFetched).toBeLessThan(1.1 * PACKAGE_SIZE)
    const cache = openBlockCache(temporaryFolder())
    await versions.publish('1', {}, cache)
    const cached = await pullImage(server.url, temporaryFolder(), { verify: 'checksum', cache })
    expect(cached.bytesFetched).toBeLessThan(1.1 * PACKAGE_SIZE)
  })

  it('is not pulled again where it is there', async () => {
    const folder = temporaryFolder()
    const server = await serve(one)
    await pullImage(server.url, folder, CHECKSUM)
    const { ino } = statSync(join(folder, 'web.tar.xz'))
    const again = await pullImage(server.url, folder, CHECKSUM)
    expect(again).toMatchObject({ isNew: false, bytesFetched: 0, bytesReused: again.size })
    expect(statSync(join(folder, 'web.tar.xz')).ino).toBe(ino)
  })

  it('is mended where it is damaged', async () => {
    const folder = temporaryFolder()
    const server = await serve(one)
    await pullImage(server.url, folder, CHECKSUM)
    const bytes = imageIn(folder)
    bytes[1_000_000] ^= 1
    writeFileSync(join(folder, 'web.tar.xz'), bytes)
    const again = await pullImage(server.url, folder, CHECKSUM)
    expect(again.bytesFetched).toBeLessThan(1.1 * PACKAGE_SIZE)
    expect(imageIn(folder).equals(imageIn(one))).toBe(true)
  })

  it.each(['web.manifest.json', 'other.manifest.json', 'other.tar.xz'])(
    'waits for no pipe in place of %s',
    async name => {
      const folder = temporaryFolder()
      for (const file of ['web.manifest.json', 'web.tar.xz']) {
        copyFileSync(join(one, file), join(folder, file.replace('web', 'other')))
      }
      rmSync(join(folder, name), { force: true })
      execFileSync('mkfifo', [join(folder, name)])
      const server = await serve(two)
      const pulling = pullImage(server.url, folder, CHECKSUM)
      if (name !== 'web.manifest.json') await pulling
      else await expect(pulling).rejects.toMatchObject({ code: 'DISK_FAILED', path: join(folder, name) })
      expect(existsSync(join(folder, 'web.tar.xz'))).toBe(name !== 'web.manifest.json')
    },
  )

  it.each([
    ['web.tar.xz', 'is in the way and not a file'],
    ['web.manifest.json', 'is in the way and not a file'],
    ['web.nspawn', 'it is no regular file'],
    ['.nspawn-rootfs.lock', 'is in the way of the lock of builds'],
  ])('waits for no pipe in place of %s, and is not fetched', async (name, said) => {
    const folder = temporaryFolder()
    execFileSync('mkfifo', [join(folder, name)])
    const server = await serve(two)
    await expect(pullImage(server.url, folder, CHECKSUM)).rejects.toMatchObject({
      ...{ code: 'DISK_FAILED', path: join(folder, name) },
      message: expect.stringContaining(said),
    })
    expect(server.requests.filter(request => request.startsWith('web.tar.xz'))).toEqual([])
  })

  it.skipIf(process.getuid?.() !== 0).each(['web.tar.xz', 'web.manifest.json'])(
    'is not fetched where another user has a %s in a folder of all',
    async name => {
      const folder = temporaryFolder()
      chmodSync(folder, 0o1777)
      const path = join(folder, name)
      writeFileSync(path, 'theirs')
      chownSync(path, 12345, 12345)
      const server = await serve(two)
      await expect(pullImage(server.url, folder, CHECKSUM)).rejects.toMatchObject({
        ...{ code: 'DISK_FAILED', path },
        message: expect.stringContaining(`${path}: belongs to`),
      })
      expect(server.requests.filter(request => request.startsWith('web.tar.xz'))).toEqual([])
      expect(shown(folder)).toEqual([name])
      expect(readFileSync(path, 'utf8')).toBe('theirs')
    },
  )

  it('comes whole from a server without ranges, and once', async () => {
    const server = await serve(one, { ranges: false })
    const folder = temporaryFolder()
    await pullImage(server.url, folder, CHECKSUM)
    expect(imageIn(folder).equals(imageIn(one))).toBe(true)
    server.folder = two
    const pulled = await pullImage(server.url, folder, CHECKSUM)
    expect(imageIn(folder).equals(imageIn(two))).toBe(true)
    expect(pulled.bytesFetched).toBeLessThan(1.1 * PACKAGE_SIZE)
  })

  it('tells how far it is', async () => {
    const told: PullProgress[] = []
    const server = await serve(two)
    const { size } = await pullImage(server.url, temporaryFolder(), {
      ...CHECKSUM,
      from: [join(one, 'web.tar.xz')],
      onProgress: progress => told.push(progress),
    })
    expect(told.every(({ bytesTotal }) => bytesTotal === size)).toBe(true)
    const { bytesReused, bytesFetched } = told.at(-1)!
    expect(bytesReused + bytesFetched).toBe(size)
  })

  it('is refused where the URL is none of an image', async () => {
    const wrong = ['web.tar.xz', 'file:///web.tar.xz', 'https://example.org/', 'https://example.org/.tar.xz']
    wrong.push(
      'https://example.org/%2e%2e%2fweb.tar.xz',
      'https://example.org/%ff.tar.xz',
      'https://example.org/web.iso',
    )
    for (const url of wrong) {
      await expect(pullImage(url, temporaryFolder(), CHECKSUM)).rejects.toMatchObject({ code: 'PULL_URL_INVALID' })
    }
  })
})

describe('what pulls have begun', () => {
  it('is kept when one is aborted, and goes on', async () => {
    const folder = temporaryFolder()
    const server = await serve(one)
    await breakOff(server.url, folder)
    expect(shown(folder)).toEqual([])
    const told: PullProgress[] = []
    const pulled = await pullImage(server.url, folder, { ...CHECKSUM, onProgress: progress => told.push(progress) })
    expect(pulled.bytesReused).toBeGreaterThan(5 * PACKAGE_SIZE)
    expect(pulled.bytesReused + pulled.bytesFetched).toBe(pulled.size)
    // What is missing is never told to be there.
    expect(told.filter(({ bytesReused }) => bytesReused > pulled.bytesReused)).toEqual([])
    expect(imageIn(folder).equals(imageIn(one))).toBe(true)
    expect(kept(folder)).toEqual(['seen.json'])
  })

  it('serves the next version, too', async () => {
    const folder = temporaryFolder()
    const server = await serve(one)
    await breakOff(server.url, folder)
    server.folder = two
    const pulled = await pullImage(server.url, folder, CHECKSUM)
    expect(pulled.bytesReused).toBeGreaterThan(5 * PACKAGE_SIZE)
    expect(imageIn(folder).equals(imageIn(two))).toBe(true)
    expect(kept(folder)).toEqual(['seen.json'])
  })

  it('is not believed', async () => {
    const folder = temporaryFolder()
    const server = await serve(one)
    server.fault = answer => {
      if (answer.status === 206) answer.body = noise('wrong', answer.body.length)
    }
    await expect(pullImage(server.url, folder, CHECKSUM)).rejects.toMatchObject({ code: 'PULL_WRONG' })
    expect(kept(folder).length).toBeGreaterThan(1)
    server.fault = undefined
    await pullImage(server.url, folder, CHECKSUM)
    expect(imageIn(folder).equals(imageIn(one))).toBe(true)
  })

  it('has room for one pull of an image at a time', async () => {
    const folder = temporaryFolder()
    const server = await serve(one)
    const both = await Promise.all([1, 2].map(() => pullImage(server.url, folder, CHECKSUM)))
    expect(both.map(({ isNew }) => isNew).sort()).toEqual([false, true])
    expect(imageIn(folder).equals(imageIn(one))).toBe(true)
  })
})

describe('an image without a manifest', () => {
  const without = (folder: string) => {
    const out = temporaryFolder()
    writeFileSync(join(out, 'web.tar.xz'), imageIn(folder))
    const sha256 = createHash('sha256').update(imageIn(folder)).digest('hex')
    writeFileSync(join(out, 'SHA256SUMS'), `${sha256}  web.tar.xz\n`)
    return out
  }

  it.each([true, false])('comes whole (ranges: %j)', async ranges => {
    const folder = temporaryFolder()
    const server = await serve(without(one), { ranges })
    await pullImage(server.url, folder, CHECKSUM)
    expect(imageIn(folder).equals(imageIn(one))).toBe(true)
    expect(shown(folder)).toEqual(['web.tar.xz'])
    server.folder = without(two)
    await pullImage(server.url, folder, CHECKSUM)
    expect(imageIn(folder).equals(imageIn(two))).toBe(true)
  })

  it('goes on where it broke off', async () => {
    const folder = temporaryFolder()
    const server = await serve(without(one))
    await breakOff(server.url, folder)
    const pulled = await pullImage(server.url, folder, CHECKSUM)
    expect(pulled.bytesReused).toBeGreaterThan(6 * PACKAGE_SIZE)
    expect(pulled.bytesReused + pulled.bytesFetched).toBe(pulled.size)
    expect(imageIn(folder).equals(imageIn(one))).toBe(true)
  })

  it('comes whole, and once, from a server without ranges, whatever is there', async () => {
    const folder = temporaryFolder()
    const published = without(one)
    await breakOff((await serve(published)).url, folder)
    const server = await serve(published, { ranges: false })
    const right = imageIn(one)
    server.fault = (answer, _response, request) => {
      if (request.url?.endsWith('tar.xz')) answer.body = noise('wrong', right.length)
    }
    await expect(pullImage(server.url, folder, CHECKSUM)).rejects.toMatchObject({ code: 'PULL_WRONG' })
    // The first one asks for a part.
    expect(server.requests.filter(request => request.startsWith('web.tar.xz')).length).toBe(2)
    await breakOff((await serve(published)).url, folder)
    server.fault = undefined
    const told: PullProgress[] = []
    const pulled = await pullImage(server.url, folder, { ...CHECKSUM, onProgress: progress => told.push(progress) })
    expect(pulled).toMatchObject({ bytesReused: 0, bytesFetched: right.length })
    expect(told.at(-1)).toEqual({ bytesReused: 0, bytesFetched: right.length, bytesTotal: right.length })
    expect(imageIn(folder).equals(right)).toBe(true)
  })

  it('is given up if the server always breaks off at the same byte', async () => {
    const server = await serve(without(one))
    server.fault = (answer, response, request) => {
      // The server gets well in the end: a pull that never gives up should fail here, not hang.
      if (!request.url?.endsWith('tar.xz') || server.requests.length > 50) return
      const start = Number(/\d+/.exec(request.headers.range!))
      if (start === PACKAGE_SIZE) answer.status = 404
      response.writeHead(answer.status, answer.headers)
      response.write(answer.body.subarray(0, PACKAGE_SIZE - start), () => response.destroy())
    }
    const pulling = pullImage(server.url, temporaryFolder(), CHECKSUM)
    await expect(pulling).rejects.toMatchObject({ code: 'HTTP_STATUS' })
  })

  it('is fetched anew if what is there is wrong', async () => {
    const folder = temporaryFolder()
    const server = await serve(without(one))
    await pullImage(server.url, folder, CHECKSUM)
    const partial = join(
      folder,
      '.web.tar.xz.pull',
      `partial-${createHash('sha256').update(imageIn(one)).digest('hex')}`,
    )
    rmSync(join(folder, 'web.tar.xz'))
    writeFileSync(partial, noise('wrong', 1_000_000))
    await pullImage(server.url, folder, CHECKSUM)
    expect(imageIn(folder).equals(imageIn(one))).toBe(true)
    rmSync(join(folder, 'web.tar.xz'))
    writeFileSync(partial, imageIn(one))
    truncateSync(partial, imageIn(one).length + 1000)
    await pullImage(server.url, folder, CHECKSUM)
    expect(imageIn(folder).equals(imageIn(one))).toBe(true)
  })
})

describe('without verification', () => {
  it.each([[['web.tar.xz', 'web.manifest.json']], [['web.tar.xz']]])('an image comes from %j', async files => {
    const published = temporaryFolder()
    for (const file of files) copyFileSync(join(one, file), join(published, file))
    const folder = temporaryFolder()
    const server = await serve(published)
    const pulled = await pullImage(server.url, folder, { verify: 'no', cache: false })
    expect(imageIn(folder).equals(imageIn(one))).toBe(true)
    expect(pulled.signedBy).toBeUndefined()
    expect(shown(folder)).toEqual(files.toSorted())
    await expect(pullImage(server.url, folder, CHECKSUM)).rejects.toMatchObject({ code: 'PULL_MISSING' })
  })

  it('a page that a server gives for every file is no image, and replaces none', async () => {
    const folder = temporaryFolder()
    const server = await serve(one)
    const options = { verify: 'no', cache: false } as const
    await pullImage(server.url, folder, options)
    server.fault = answer => {
      const body = Buffer.from(`<!DOCTYPE html>\n<html>${'<p>Please log in</p>'.repeat(100)}</html>\n`)
      Object.assign(answer, { status: 200, headers: { 'content-length': body.length }, body })
    }
    await expect(pullImage(server.url, folder, options)).rejects.toMatchObject({
      code: 'PULL_WRONG',
      message: expect.stringMatching(/web\.tar\.xz: is a web page and no image; check the URL/),
    })
    expect(shown(folder)).toEqual(['web.manifest.json', 'web.tar.xz'])
    expect(imageIn(folder).equals(imageIn(one))).toBe(true)
    const empty = temporaryFolder()
    await expect(pullImage(server.url, empty, options)).rejects.toMatchObject({ code: 'PULL_WRONG' })
    expect(readdirSync(empty)).toEqual([])
  })

  it('settings and manifests that are none do not come with an image', async () => {
    const server = await serve(one)
    server.fault = (answer, _response, request) => {
      if (request.url?.endsWith('.tar.xz')) return
      const body = Buffer.from('<!DOCTYPE html>\n<html></html>\n')
      Object.assign(answer, { status: 200, headers: { 'content-length': body.length }, body })
    }
    const folder = temporaryFolder()
    const pulled = await pullImage(server.url, folder, { verify: 'no', cache: false })
    expect(pulled.files).toEqual([join(folder, 'web.tar.xz')])
    expect(shown(folder)).toEqual(['web.tar.xz'])
    expect(imageIn(folder).equals(imageIn(one))).toBe(true)
  })

  it.each([
    ['tar archive of old', () => rawEntry({ name: 'a', format: 'v7' })],
    ['tar archive', () => Buffer.concat([rawEntry({ name: 'a', data: 'a' }), END_OF_TAR])],
    ['empty tar archive', () => Buffer.alloc(10_240)],
    ['gzip file', () => gzipSync(Buffer.concat([rawEntry({ name: 'a', data: 'a' }), END_OF_TAR]))],
  ])('an image may be a %s, whatever its name', async (_, bytes) => {
    const published = temporaryFolder()
    writeFileSync(join(published, 'web.tar.xz'), bytes())
    const folder = temporaryFolder()
    const server = await serve(published)
    await pullImage(server.url, folder, { verify: 'no', cache: false })
    expect(imageIn(folder).equals(Buffer.from(bytes()))).toBe(true)
  })

  it('an image that is not there leaves nothing', async () => {
    const folder = temporaryFolder()
    const server = await serve(temporaryFolder())
    const pulled = pullImage(server.url, folder, { verify: 'no', cache: false })
    await expect(pulled).rejects.toMatchObject({ code: 'PULL_MISSING' })
    expect(readdirSync(folder)).toEqual([])
  })
})

describe('a server that lies', () => {
  it.each([
    ['about the image', 'web.tar.xz'],
    ['about the manifest', 'web.manifest.json'],
    ['about the checksums', 'SHA256SUMS'],
  ])('%s has nothing named', async (_, file) => {
    const folder = temporaryFolder()
    const server = await serve(one, {
      fault(answer, _response, request) {
        if (!request.url?.endsWith(file)) return
        answer.body = Buffer.from(answer.body)
        answer.body[answer.body.length - '0  web.tar.xz\n'.length] ^= 1
      },
    })
    await expect(pullImage(server.url, folder, CHECKSUM)).rejects.toThrow()
    expect(shown(folder)).toEqual([])
    server.fault = undefined
    await pullImage(server.url, folder, CHECKSUM)
    expect(imageIn(folder).equals(imageIn(one))).toBe(true)
  })

  it.each([-1000, 1000])('about the length by %i has nothing named', async more => {
    const folder = temporaryFolder()
    const server = await serve(one, {
      fault(answer) {
        const range = answer.headers['content-range']
        if (typeof range !== 'string') return
        answer.headers['content-range'] = range.replace(/\d+$/, size => `${Number(size) + more}`)
      },
    })
    await expect(pullImage(server.url, folder, CHECKSUM)).rejects.toThrow()
    expect(shown(folder)).toEqual([])
  })

  it('has what is published in its place pulled, if that came meanwhile', async () => {
    const folder = temporaryFolder()
    const server = await serve(one)
    server.fault = (_answer, _response, request) => {
      if (request.url?.endsWith('manifest.json')) server.folder = two
    }
    await pullImage(server.url, folder, CHECKSUM)
    expect(imageIn(folder).equals(imageIn(two))).toBe(true)
  })

  it('in a fifth of its answers costs time alone', async () => {
    const wrong: string[] = []
    const pull = async (seed: number) => {
      const folder = temporaryFolder()
      const server = await serve(two, { fault: randomFaults(seed, 0.2) })
      const from = seed % 2 ? [join(one, 'web.tar.xz')] : []
      await pullImage(server.url, folder, { ...CHECKSUM, from }).then(
        () => imageIn(folder).equals(imageIn(two)) || wrong.push(`${seed}: another image`),
        error => wrong.push(`${seed}: ${error.message}`),
      )
    }
    // Most of the time is spent in pauses.
    for (let seed = 0; seed < 50; seed += 10) await Promise.all(Array.from({ length: 10 }, (_, i) => pull(seed + i)))
    expect(wrong).toEqual([])
  })
})

describe('settings', () => {
  const NSPAWN = { Exec: { Boot: true } }

  it('come with the image, change with it, and go with it', async () => {
    const folder = temporaryFolder()
    const small = makeVersions(temporaryFolder(), 1)
    const server = await serve(await small.publish('1', { nspawn: NSPAWN }))
    const pulled = await pullImage(server.url, folder, CHECKSUM)
    expect(pulled.files.map(file => file.slice(folder.length + 1))).toEqual([
      'web.tar.xz',
      'web.nspawn',
      'web.manifest.json',
    ])
    const settings = () => readFileSync(join(folder, 'web.nspawn'), 'utf8')
    const before = settings()
    server.folder = await small.publish('2', { nspawn: { ...NSPAWN, Network: { VirtualEthernet: false } } })
    await pullImage(server.url, folder, CHECKSUM)
    expect(settings()).not.toBe(before)
    server.folder = two
    await pullImage(server.url, folder, CHECKSUM)
    expect(existsSync(join(folder, 'web.nspawn'))).toBe(false)
  })

  it('that somebody has changed are kept', async () => {
    const folder = temporaryFolder()
    const small = makeVersions(temporaryFolder(), 1)
    const server = await serve(await small.publish('1', { nspawn: NSPAWN }))
    await pullImage(server.url, folder, CHECKSUM)
    writeFileSync(join(folder, 'web.nspawn'), '[Exec]\nBoot=no\n')
    server.folder = await small.publish('2', { nspawn: NSPAWN })
    const { warnings } = await pullImage(server.url, folder, CHECKSUM)
    expect(warnings).toMatchObject([{ code: 'SETTINGS_KEPT', path: join(folder, 'web.nspawn') }])
    expect(readFileSync(join(folder, 'web.nspawn'), 'utf8')).toBe('[Exec]\nBoot=no\n')
  })
})
