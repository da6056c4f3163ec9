import { randomBytes } from 'node:crypto'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { Recognise } from '../../../src/http/index.ts'
import { collect, download, fetchText, LIMIT, openClient, sendFile, serve } from './servers.ts'

const TEXT = 'StorePath: /nix/store/…\n'.repeat(100)

/** The header of a gzip file, with the flag for a name, of which there is no end (RFC 1952, section 2.3). */
const ENDLESS_NAME = Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3]), Buffer.alloc(4 << 20, 'a')])

const BODIES: readonly (readonly [string, Buffer])[] = [
  ['gzip', gzipSync(TEXT)],
  ['x-gzip', gzipSync(TEXT)],
  ['deflate', deflateSync(TEXT)],
  ['deflate', deflateRawSync(TEXT)],
  ['br', brotliCompressSync(TEXT)],
  ['zstd', zstdCompressSync(TEXT)],
  ['zstd', Buffer.concat([zstdCompressSync(TEXT.slice(0, 100)), zstdCompressSync(TEXT.slice(100))])],
  ['gzip', Buffer.concat([gzipSync(TEXT.slice(0, 100)), gzipSync(TEXT.slice(100))])],
  ['gzip, gzip', gzipSync(gzipSync(TEXT))],
  ['gzip, br', brotliCompressSync(gzipSync(TEXT))],
  ['gzip,aws-chunked', gzipSync(TEXT)],
  ['aws-chunked , Identity', Buffer.from(TEXT)],
  ['aws-chunked', Buffer.from(TEXT)],
  ['identity', Buffer.from(TEXT)],
  ['', Buffer.from(TEXT)],
]

const serveBody = (encoding: string, body: Buffer) =>
  serve((_, response) => response.writeHead(200, { 'content-encoding': encoding.toUpperCase() }).end(body))

describe('a Content-Encoding', () => {
  it.each(BODIES)('is undone, for documents and files: %s', async (encoding, body) => {
    const server = await serveBody(encoding, body)
    const { client } = openClient()
    expect(await fetchText(client, server.at('/'))).toBe(TEXT)
    expect(String(await download(client, server.at('/')))).toBe(TEXT)
  })

  it.each(['xz', 'gzip, compress', 'constructor'])('is refused if it is not known: %s', async encoding => {
    const server = await serveBody(encoding, Buffer.from(TEXT))
    const { client } = openClient()
    const message = `${server.at('/')}: it comes with Content-Encoding ${encoding}, which is not supported; have the server send it as it is`
    const refusal = { code: 'HTTP_ENCODING', message }
    await expect(fetchText(client, server.at('/'))).rejects.toMatchObject(refusal)
    await expect(download(client, server.at('/'))).rejects.toMatchObject(refusal)
  })

  it('is refused if it names very many, of which a message shows some', async () => {
    const server = await serveBody(`${'br, '.repeat(2000)}br`, brotliCompressSync(TEXT))
    const { client } = openClient()
    const error = await fetchText(client, server.at('/')).catch(error => error)
    expect(error).toMatchObject({ code: 'HTTP_ENCODING', message: expect.stringContaining('not supported') })
    expect(error.message.length).toBeLessThan(1000)
  })

  it.each([
    ['gzip', Buffer.from(TEXT), 'incorrect header check'],
    ['gzip', gzipSync(TEXT).subarray(0, -9), 'unexpected end of file'],
    ['gzip', Buffer.alloc(0), 'unexpected end of file'],
    ['zstd', Buffer.from(TEXT), 'no mark of one'],
  ])('is refused where it does not hold: %s, $2', async (encoding, body, words) => {
    const server = await serveBody(encoding, body)
    const refusal = { code: 'HTTP_ENCODING', message: expect.stringContaining(words) }
    await expect(fetchText(openClient().client, server.at('/'))).rejects.toMatchObject(refusal)
    await expect(download(openClient().client, server.at('/'))).rejects.toMatchObject(refusal)
  })

  it('does not get around the limit, and may make a file of just that size longer', async () => {
    const noise = randomBytes(100_000)
    const server = await serveBody('gzip', gzipSync(noise))
    const { client } = openClient()
    const refusal = { code: 'HTTP_TOO_LARGE', message: expect.stringContaining('more than the 99999 bytes') }
    await expect(download(client, server.at('/'), noise.length - 1)).rejects.toMatchObject(refusal)
    expect(noise.equals((await download(client, server.at('/'), noise.length))!)).toBe(true)
  })

  it('that unpacks without end is left at the limit', async () => {
    const server = await serveBody('gzip, gzip', gzipSync(gzipSync(Buffer.alloc(200_000_000))))
    const refusal = { code: 'HTTP_TOO_LARGE' }
    await expect(download(openClient().client, server.at('/'), 1_000_000)).rejects.toMatchObject(refusal)
  })

  it('that holds back its contents is read no further than a MiB, for all that is read is kept', async () => {
    const { client } = openClient()
    const server = await serveBody('gzip', ENDLESS_NAME)
    await expect(download(client, server.at('/'))).rejects.toMatchObject({
      code: 'HTTP_ENCODING',
      message: expect.stringContaining('but cannot be decoded: its first MiB yields fewer than 64 bytes;'),
    })
    const recognise: Recognise = () => 'file'
    const file = await client.openFile(server.at('/'), { limit: LIMIT, recognise })
    expect(ENDLESS_NAME.equals(Buffer.concat(await collect(file!)))).toBe(true)
  })

  it('does not keep a download from going on where it broke off', async () => {
    const noise = randomBytes(300_000)
    const file = gzipSync(noise)
    const server = await serve((request, response) => {
      const headers = { etag: '"one"', 'content-encoding': 'gzip' }
      sendFile(request, response, {
        file,
        headers,
        ...(server.requests.length < 3 && { until: 100_000 * server.requests.length }),
      })
    })
    expect(noise.equals((await download(openClient().client, server.at('/')))!)).toBe(true)
    expect(server.requests.map(({ headers }) => headers.range)).toEqual([undefined, 'bytes=100000-', 'bytes=200000-'])
  })

  it('leaves the faults of the network what they are', async () => {
    const file = gzipSync(randomBytes(300_000))
    const server = await serve((request, response) => {
      if (server.requests.length > 1) response.writeHead(404).end()
      else sendFile(request, response, { file, headers: { 'content-encoding': 'gzip' }, until: 150_000 })
    })
    await expect(download(openClient().client, server.at('/'))).rejects.toMatchObject({
      code: 'HTTP_STATUS',
      status: 404,
    })
  })

  it('lets go of the connection when the reader stops, also before it begins', async () => {
    const file = gzipSync(randomBytes(20_000_000))
    const server = await serveBody('gzip', file)
    const { client } = openClient()
    for (const count of [0, 1]) {
      const bytes = (await client.openFile(server.at('/'), { limit: LIMIT }))!
      for (let i = 0; i < count; i++) await bytes.next()
      await bytes.return!()
      expect(await bytes.next()).toEqual({ done: true, value: undefined })
    }
    await expect.poll(() => server.sockets.every(socket => socket.destroyed), { timeout: 5000 }).toBe(true)
  })

  it('ends with the signal, as what the reader is told', async () => {
    const noise = gzipSync(randomBytes(300_000))
    const server = await serve((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).write(noise))
    const controller = new AbortController()
    const { client } = openClient()
    const bytes = (await client.openFile(server.at('/'), { limit: LIMIT, signal: controller.signal }))!
    await bytes.next()
    controller.abort(new Error('stop'))
    await expect(collect(bytes)).rejects.toThrow('stop')
  })
})

describe('a Content-Encoding of a file that is known by its beginning', () => {
  const CONTENTS = Buffer.concat([Buffer.from('CONTENTS'), randomBytes(300_000)])
  const packed = zstdCompressSync(CONTENTS)
  const recognise: Recognise = head => {
    if (head.length >= 4 && packed.subarray(0, 4).equals(head.subarray(0, 4))) return 'file'
    return String(head.subarray(0, 8)) === 'CONTENTS' ? 'contents' : undefined
  }

  it.each<[string, string, Buffer]>([
    ['is undone if it holds', 'gzip', gzipSync(packed)],
    ['is undone if it holds, though it has the name of the compression', 'zstd', zstdCompressSync(packed)],
    ['is left if it names the compression of the file', 'zstd', packed],
    ['is left if it names it and is not known', 'xz', packed],
    ['is left if there is none', 'gzip', packed],
    ['is left if only one of them is there', 'zstd, gzip', packed],
  ])('%s: %s', async (_, encoding, body) => {
    const server = await serve((request, response) => {
      const until = server.requests.length === 1 ? 150_000 : undefined
      sendFile(request, response, { file: body, until, headers: { 'content-encoding': encoding, etag: '"one"' } })
    })
    const file = await openClient().client.openFile(server.at('/'), { limit: packed.length, recognise })
    expect(packed.equals(Buffer.concat(await collect(file!)))).toBe(true)
    expect(server.requests).toHaveLength(2)
  })

  it('is not believed against a file of no known beginning', async () => {
    const file = brotliCompressSync(CONTENTS)
    const server = await serveBody('br', file)
    const asBrotli: Recognise = head => (recognise(head) === 'contents' ? 'contents' : undefined)
    const bytes = await openClient().client.openFile(server.at('/'), { limit: LIMIT, recognise: asBrotli })
    expect(file.equals(Buffer.concat(await collect(bytes!)))).toBe(true)
  })

  it('is refused if it is not known and the body is no such file', async () => {
    const server = await serveBody('xz', gzipSync(packed))
    const bytes = await openClient().client.openFile(server.at('/'), { limit: LIMIT, recognise })
    await expect(collect(bytes!)).rejects.toMatchObject({ code: 'HTTP_ENCODING' })
  })
})
