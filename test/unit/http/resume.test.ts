import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import {
  collect,
  download,
  FILE,
  type FileOptions,
  LIMIT,
  openClient,
  sendFile,
  serve,
  serveSockets,
} from './servers.ts'

const HALF = FILE.length / 2
const TAG = { etag: '"one"' }
const OTHER = Buffer.from(FILE).reverse()

/** Serves a file with the first of `answers` to the first request, and so on; the last is for all that follow. */
async function serveFile(...answers: FileOptions[]) {
  const server = await serve((request, response) => {
    sendFile(request, response, answers[Math.min(server.requests.length, answers.length) - 1])
  })
  return server
}

describe('a download that breaks off', () => {
  it.each<[string, Record<string, string>, string | undefined]>([
    ['a strong ETag', TAG, '"one"'],
    ['a date', { 'last-modified': 'Thu, 01 Jan 1970 00:00:01 GMT' }, 'Thu, 01 Jan 1970 00:00:01 GMT'],
    ['a weak ETag, which does not count', { etag: 'W/"one"' }, undefined],
    ['nothing', {}, undefined],
  ])('goes on where it was, on the condition of %s', async (_, headers, condition) => {
    const server = await serveFile({ headers, until: HALF }, { headers })
    const { client, pauses } = openClient()
    expect(FILE.equals((await download(client, server.at('/')))!)).toBe(true)
    expect(server.requests.map(({ headers }) => [headers.range, headers['if-range']])).toEqual([
      [undefined, undefined],
      [`bytes=${HALF}-`, condition],
    ])
    expect(pauses).toHaveLength(1)
  })

  it('goes on in the middle of a part of the file, as often as that breaks off', async () => {
    const server = await serve((request, response) =>
      sendFile(request, response, { headers: TAG, until: 100_000 + 100_000 * server.requests.length }),
    )
    const { client } = openClient()
    const answer = await client.openRange(server.at('/'), { start: 100_000, size: 400_000 }, { limit: LIMIT })
    expect(answer?.isPart).toBe(true)
    expect(Buffer.concat(await collect(answer!.bytes)).equals(FILE.subarray(100_000, 500_000))).toBe(true)
    expect(server.requests.map(({ headers }) => headers.range)).toEqual([
      'bytes=100000-499999',
      'bytes=200000-499999',
      'bytes=300000-499999',
      'bytes=400000-499999',
    ])
  })

  it('gets each byte once from a server that knows no ranges', async () => {
    const server = await serveFile({ until: HALF, whole: true }, { until: HALF + 1, whole: true }, { whole: true })
    const { client } = openClient()
    expect(FILE.equals((await download(client, server.at('/')))!)).toBe(true)
    expect(server.requests).toHaveLength(3)
  })

  it('may break off as often as it likes while it gets on', async () => {
    const server = await serve((request, response) =>
      sendFile(request, response, { headers: TAG, until: 50_000 * server.requests.length }),
    )
    const { client, pauses } = openClient({ attempts: 2 })
    expect(FILE.equals((await download(client, server.at('/')))!)).toBe(true)
    expect(pauses).toHaveLength(FILE.length / 50_000 - 1)
    expect(Math.max(...pauses)).toBeLessThanOrEqual(250)
  })

  it('is given up when it does not get on, however much is sent again', async () => {
    const server = await serveFile({ until: HALF, whole: true })
    const { client } = openClient()
    const refusal = {
      code: 'HTTP_FAILED',
      message: expect.stringContaining(`at the last of 5 attempts after byte ${HALF};`),
    }
    await expect(download(client, server.at('/'))).rejects.toMatchObject(refusal)
    expect(server.requests).toHaveLength(6 - 1)
  })

  it('is not over before all of the length is there', async () => {
    const server = await serveSockets(socket =>
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort')),
    )
    const { client } = openClient({ attempts: 3 })
    const refusal = { code: 'HTTP_FAILED', message: expect.stringMatching(/at the last of 3 attempts after byte 5;/) }
    await expect(download(client, server.at('/'))).rejects.toMatchObject(refusal)
  })

  it('is not over before the last chunk is there, and none is of no length', async () => {
    const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`
    const server = await serveSockets(socket =>
      socket.once('data', () => {
        const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
        socket.end(head + chunk('hello, ') + (server.sockets.length === 1 ? '' : chunk('world') + chunk('')))
      }),
    )
    const { client } = openClient()
    expect(String(await download(client, server.at('/')))).toBe('hello, world')
  })

  it('goes on when a range ends too early, by the length that only the range told', async () => {
    const server = await serve((request, response) => {
      const first = Number(/\d+/.exec(request.headers.range ?? '0')![0])
      if (first === 0) {
        response.write(FILE.subarray(0, HALF), () => response.destroy())
        return
      }
      const last = Math.min(first + 99_999, FILE.length - 1)
      const headers = { 'content-range': `bytes ${first}-${last}/${FILE.length}`, 'content-length': last - first + 1 }
      response.writeHead(206, headers).end(FILE.subarray(first, last + 1))
    })
    const { client } = openClient()
    expect(FILE.equals((await download(client, server.at('/')))!)).toBe(true)
    expect(server.requests).toHaveLength(6)
  })

  it('starts afresh if nothing was handed out', async () => {
    const server = await serveFile({ until: 0, headers: TAG }, { file: OTHER, headers: { etag: '"two"' } })
    const { client } = openClient()
    expect(OTHER.equals((await download(client, server.at('/')))!)).toBe(true)
  })

  it.each<[string, FileOptions, FileOptions, string]>([
    ['its ETag', { headers: TAG }, { headers: { etag: '"two"' } }, 'its ETag was "one", is "two"'],
    ['its ETag, in a part', {}, { headers: { etag: '"two"' } }, 'its ETag was W/"one", is "two"'],
    ['its length', {}, { file: OTHER.subarray(1) }, `it had ${FILE.length} bytes, has ${FILE.length - 1}`],
    [
      'its date',
      { headers: { 'last-modified': 'today' } },
      { headers: { 'last-modified': 'tomorrow' } },
      'it was of today, is of tomorrow',
    ],
    ['its encoding', {}, { headers: { 'content-encoding': 'gzip' } }, 'its Content-Encoding was none, is gzip'],
  ])('is not put together of two versions: %s', async (what, first, second, words) => {
    const headers = what === 'its ETag, in a part' ? { etag: 'W/"one"' } : first.headers
    const server = await serveFile({ ...first, ...(headers && { headers }), until: HALF }, { file: OTHER, ...second })
    const { client } = openClient()
    const refusal = {
      code: 'HTTP_CHANGED',
      message: expect.stringContaining(`changed during the download: ${words}; download`),
    }
    await expect(download(client, server.at('/'))).rejects.toMatchObject(refusal)
    expect(server.requests).toHaveLength(2)
  })

  it('goes on with a copy of another date if the ETag is the same', async () => {
    const server = await serveFile(
      { headers: { ...TAG, 'last-modified': 'today' }, until: HALF },
      { headers: { etag: 'W/"one"', 'last-modified': 'tomorrow' }, whole: true },
    )
    const { client } = openClient()
    expect(FILE.equals((await download(client, server.at('/')))!)).toBe(true)
  })

  it.each([
    [{ 'content-range': `bytes 7-${FILE.length - 1}/${FILE.length}` }, 'HTTP_FAILED', /with bytes from byte 7;/],
    [{ 'content-range': `bytes ${HALF}-*/${FILE.length}` }, 'HTTP_STATUS', /answers 206/],
    [{}, 'HTTP_STATUS', /answers 206/],
  ])('takes no other part than it asked for: %o', async (headers, code, message) => {
    const server = await serve((request, response) => {
      if (server.requests.length === 1) sendFile(request, response, { until: HALF })
      else response.writeHead(206, headers as Record<string, string>).end(FILE.subarray(7))
    })
    const { client } = openClient()
    const refusal = { code, message: expect.stringMatching(message) }
    await expect(download(client, server.at('/'))).rejects.toMatchObject(refusal)
  })

  it('takes no more than there is of the file', async () => {
    const server = await serve((request, response) => {
      if (server.requests.length === 1) return sendFile(request, response, { until: HALF })
      const range = { 'content-range': `bytes ${HALF}-${FILE.length - 1}/${FILE.length}` }
      response.writeHead(206, range).end(Buffer.concat([FILE.subarray(HALF), Buffer.of(1)]))
    })
    const { client } = openClient()
    const refusal = { code: 'HTTP_FAILED', message: expect.stringContaining(`beyond byte ${FILE.length}`) }
    await expect(download(client, server.at('/'))).rejects.toMatchObject(refusal)
  })

  it.each([404, 416])('fails if the rest is answered with %i', async status => {
    const server = await serve((request, response) => {
      if (server.requests.length === 1) sendFile(request, response, { until: HALF })
      else response.writeHead(status).end()
    })
    const { client } = openClient()
    await expect(download(client, server.at('/'))).rejects.toMatchObject({ code: 'HTTP_STATUS', status })
  })

  it('learns the length from the rest, and keeps to the limit', async () => {
    const server = await serve((request, response) => {
      if (server.requests.length > 1) sendFile(request, response)
      else response.write(FILE.subarray(0, 1000), () => response.destroy())
    })
    const { client } = openClient()
    const refusal = { code: 'HTTP_TOO_LARGE' }
    await expect(download(client, server.at('/'), FILE.length - 1)).rejects.toMatchObject(refusal)
    expect(server.requests).toHaveLength(2)
  })

  it('is not noticed by a reader who was busy with other things', async () => {
    const server = await serveFile({ headers: TAG, until: HALF }, { headers: TAG })
    const { client } = openClient()
    const file = (await client.openFile(server.at('/'), { limit: LIMIT }))!
    const first = (await file.next()).value as Uint8Array
    while (!server.sockets[0]!.destroyed) await setTimeout(5)
    await setTimeout(50)
    expect(FILE.equals(Buffer.concat([first, ...(await collect(file))]))).toBe(true)
  })

  it('starts again from where it was asked for, though it was redirected', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/a') response.writeHead(302, { location: `/b${server.requests.length}` }).end()
      else sendFile(request, response, request.url === '/b1' ? { until: HALF } : {})
    })
    const { client } = openClient()
    expect(FILE.equals((await download(client, server.at('/a')))!)).toBe(true)
    expect(server.requests.map(({ url }) => url)).toEqual(['/a', '/b1', '/a', '/b3'])
  })
})
