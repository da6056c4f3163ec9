import { describe, expect, it } from 'vitest'
import { download, FILE, fetchText, openClient, sendFile, serve, serveSockets } from './servers.ts'

describe('an HTTP client tries again', () => {
  it.each([408, 500, 502, 504, 599])('when the server answers %i', async status => {
    const server = await serve((_, response) => {
      if (server.requests.length < 3) response.writeHead(status).end('not now')
      else response.end('now')
    })
    const { client, pauses } = openClient()
    expect(await fetchText(client, server.at('/'))).toBe('now')
    expect(pauses).toHaveLength(2)
  })

  it('after longer and longer pauses, until it gives up', async () => {
    const server = await serve((_, response) => response.writeHead(500).end())
    const { client, pauses } = openClient()
    await expect(download(client, server.at('/'))).rejects.toMatchObject({
      code: 'HTTP_STATUS',
      status: 500,
      transient: true,
      message: expect.stringMatching(/500 Internal Server Error, at the last of 5 attempts; try again later$/),
    })
    expect(server.requests).toHaveLength(5)
    expect(pauses).toHaveLength(4)
    for (const [i, longest] of [250, 500, 1000, 2000].entries()) {
      expect(pauses[i]).toBeGreaterThanOrEqual(longest / 2)
      expect(pauses[i]).toBeLessThanOrEqual(longest)
    }
  })

  it('as often as it was told', async () => {
    const server = await serve((_, response) => response.writeHead(500).end())
    const { client } = openClient({ attempts: 1 })
    await expect(download(client, server.at('/'))).rejects.toMatchObject({ status: 500 })
    expect(server.requests).toHaveLength(1)
  })

  it('where every second connection is reset', async () => {
    const server = await serve((request, response) => {
      if (server.sockets.indexOf(request.socket) % 2 === 0) request.socket.resetAndDestroy()
      else response.writeHead(200, { connection: 'close' }).end(request.url)
    })
    const { client } = openClient()
    for (let i = 0; i < 5; i++) expect(await fetchText(client, server.at(`/${i}`))).toBe(`/${i}`)
    expect(server.sockets).toHaveLength(10)
  })

  it('where the server closes connections, at once or after a request', async () => {
    const server = await serveSockets(socket => {
      if (server.sockets.length === 1) socket.destroy()
      else if (server.sockets.length === 2) socket.once('data', () => socket.end())
      else socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\ntext'))
    })
    const { client } = openClient()
    expect(await fetchText(client, server.at('/'))).toBe('text')
    expect(server.sockets).toHaveLength(3)
  })

  it('where a server does not speak HTTP, and then says what it heard', async () => {
    const server = await serveSockets(socket => socket.write('220 mail.example.org ESMTP\r\n'))
    const { client } = openClient({ attempts: 2 })
    const refusal = {
      code: 'HTTP_FAILED',
      message: expect.stringMatching(/HTTP\/1\.1 protocol.* at the last of 2 attempts/),
    }
    await expect(fetchText(client, server.at('/'))).rejects.toMatchObject(refusal)
  })

  it('until a server is there again', async () => {
    const first = await serve((_, response) => response.end('before'))
    await first.stop()
    const { client, pauses } = openClient({}, async () => {
      if (pauses.length === 3) await serve((request, response) => sendFile(request, response), first.port)
    })
    expect(FILE.equals((await download(client, first.at('/')))!)).toBe(true)
  })

  it('while a server is not there, and says so', async () => {
    const server = await serve(() => {})
    await server.stop()
    const { client } = openClient({ attempts: 2, patience: 0 })
    const url = new URL('http://user:secret@127.0.0.1/a?b#c')
    url.port = String(server.port)
    const error = await download(client, url).catch((error: Error) => error)
    expect(error).toMatchObject({ code: 'HTTP_FAILED', url: server.at('/a?...').href, cause: { code: 'ECONNREFUSED' } })
    expect((error as Error).message).toMatch(
      /^http:\/\/127\.0\.0\.1:\d+\/a\?\.\.\.: the connection was refused \(connect ECONNREFUSED 127.0.0.1:\d+\), and nothing else for \d\.\d s \(1 attempt\); check/,
    )
    expect(JSON.stringify([error, String(error)])).not.toContain('secret')
  })

  it('to find a host, and names it', async () => {
    const { client } = openClient({ attempts: 2 })
    const refusal = { code: 'HTTP_FAILED', message: expect.stringMatching(/no\.such\.host\.invalid/) }
    await expect(download(client, new URL('http://no.such.host.invalid/'))).rejects.toMatchObject(refusal)
  })

  it('not where the caller is at fault', async () => {
    const server = await serve((_, response) => response.end())
    const { client, pauses } = openClient({
      authorizationFor: () => {
        throw new TypeError('mine')
      },
    })
    await expect(download(client, server.at('/'))).rejects.toThrow(new TypeError('mine'))
    const headers = openClient({ authorizationFor: () => 'Bearer a\nb' })
    await expect(download(headers.client, server.at('/'))).rejects.toThrow('invalid authorization header')
    expect([...pauses, ...headers.pauses]).toEqual([])
  })
})
