import { describe, expect, it } from 'vitest'
import { createHttpClient } from '../../../src/http/index.ts'
import { download, FILE, fetchText, openClient, sendFile, serve, serveSockets } from './servers.ts'

describe('an HTTP client', () => {
  it('downloads documents and files, and asks for them as they are', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/info?a=b') response.end('some text')
      else sendFile(request, response)
    })
    const { client, pauses } = openClient()
    expect(await fetchText(client, server.at('/info?a=b'))).toBe('some text')
    expect(FILE.equals((await download(client, server.at('/file')))!)).toBe(true)
    expect(server.requests.map(({ method, headers }) => [method, headers['accept-encoding'], headers.range])).toEqual([
      ['GET', 'identity', undefined],
      ['GET', 'identity', undefined],
    ])
    expect(pauses).toEqual([])
  })

  it('downloads what is empty, and what is of unknown length', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/chunked') response.write('one, ', () => response.end('two'))
      else response.end()
    })
    const { client } = openClient()
    expect(await fetchText(client, server.at('/empty'))).toBe('')
    expect(await download(client, server.at('/empty'))).toEqual(Buffer.alloc(0))
    expect(await fetchText(client, server.at('/chunked'))).toBe('one, two')
  })

  it('uses connections again, also after what is missing', async () => {
    const server = await serve((request, response) => {
      response.statusCode = request.url === '/missing' ? 404 : 200
      response.end('x'.repeat(10_000))
    })
    const { client } = openClient()
    for (let i = 0; i < 10; i++) {
      expect(await fetchText(client, server.at('/missing'))).toBeUndefined()
      expect(await fetchText(client, server.at('/there'))).toHaveLength(10_000)
    }
    // One that is free again only in the next round of the event loop, and one for what comes before that.
    expect(server.sockets.length).toBeLessThanOrEqual(2)
  })

  it('keeps a connection on which the rest of an unwanted body is still to come', async () => {
    const server = await serve((_, response) => {
      response.writeHead(404, { 'content-length': 8 }).write('some')
      setTimeout(() => response.end('more'), 20)
    })
    const { client } = openClient()
    expect(await fetchText(client, server.at('/'))).toBeUndefined()
    await new Promise(resolve => setTimeout(resolve, 100))
    expect(await fetchText(client, server.at('/'))).toBeUndefined()
    expect(server.sockets).toHaveLength(1)
  })

  it('opens no more than 25 connections to a server', async () => {
    const waiting: (() => void)[] = []
    const server = await serve((_, response) => {
      waiting.push(() => response.end('done'))
      if (waiting.length === 25)
        setImmediate(() => {
          for (const answer of waiting.splice(0)) answer()
        })
    })
    const { client } = openClient()
    const documents = await Promise.all(Array.from({ length: 50 }, () => fetchText(client, server.at('/'))))
    expect(documents).toEqual(Array(50).fill('done'))
    expect(server.sockets.length).toBe(25)
  })

  it.each([404, 410])('says of what is missing (%i) that there is none, at once', async status => {
    const server = await serve((_, response) => response.writeHead(status).end('<html>'))
    const { client } = openClient()
    expect(await fetchText(client, server.at('/'))).toBeUndefined()
    expect(await download(client, server.at('/'))).toBeUndefined()
    expect(server.requests).toHaveLength(2)
  })

  it('takes 403 as the lack of a document, and as the refusal of a file', async () => {
    const server = await serve((_, response) => response.writeHead(403).end('<html>'))
    const { client } = openClient()
    expect(await fetchText(client, server.at('/'))).toBeUndefined()
    const message = expect.stringMatching(/answers 403 Forbidden; give the user and password, or the token, for/)
    await expect(download(client, server.at('/'))).rejects.toMatchObject({ code: 'HTTP_STATUS', status: 403, message })
    expect(server.requests).toHaveLength(2)
  })

  it.each([
    [401, /127\.0\.0\.1:\d+ answers 401 Unauthorized; give the user and password, or the token, for 127\.0\.0\.1:\d+$/],
    [400, /answers 400 Bad Request; check the URL$/],
    [416, /answers 416/],
    [204, /answers 204/],
    [206, /answers 206/],
    [304, /answers 304/],
    [501, /answers 501 Not Implemented; check the URL$/],
    [505, /answers 505/],
  ])('fails at once when the server answers %i', async (status, message) => {
    const server = await serve((_, response) => response.writeHead(status).end())
    const { client } = openClient()
    const expected = { name: 'HttpError', code: 'HTTP_STATUS', status, url: server.at('/a').href }
    await expect(download(client, server.at('/a'))).rejects.toMatchObject({
      ...expected,
      message: expect.stringMatching(message),
    })
    expect(server.requests).toHaveLength(1)
  })

  it('keeps to the limit, by what the server says and by what it sends', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/announced') response.end('x'.repeat(1001))
      else if (request.url === '/sent') response.write('x'.repeat(1000), () => response.end('y'))
      else {
        const more = () => response.destroyed || response.write(Buffer.alloc(10_000), more)
        more()
      }
    })
    const { client } = openClient()
    const tooLarge = expect.objectContaining({
      code: 'HTTP_TOO_LARGE',
      message: expect.stringContaining(' 1000 bytes '),
    })
    await expect(client.openFile(server.at('/announced'), { limit: 1000 })).rejects.toEqual(tooLarge)
    await expect(fetchText(client, server.at('/sent'), 1000)).rejects.toEqual(tooLarge)
    await expect(download(client, server.at('/endless'), 1000)).rejects.toEqual(tooLarge)
    expect(await fetchText(client, server.at('/sent'), 1001)).toHaveLength(1001)
    expect(server.requests).toHaveLength(4)
  })

  it('takes no more of a body than the server announced, and does not read on in the rest', async () => {
    const server = await serveSockets(socket =>
      socket.on('data', () =>
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello HTTP/1.1 200 OK\r\n\r\n'),
      ),
    )
    const { client } = openClient()
    expect(await fetchText(client, server.at('/'))).toBe('hello')
    expect(await fetchText(client, server.at('/'))).toBe('hello')
  })

  it('refuses other schemes', async () => {
    const { client } = openClient()
    const refusal = { code: 'HTTP_URL_UNSUPPORTED', url: 'file:///etc/passwd' }
    await expect(client.openFile(new URL('file:///etc/passwd'), { limit: 1 })).rejects.toMatchObject(refusal)
  })

  it('works with its own settings', async () => {
    const server = await serve((_, response) => response.end('text'))
    const client = createHttpClient()
    expect(await fetchText(client, server.at('/'))).toBe('text')
    await client.close()
  })
})
