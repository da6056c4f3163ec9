import { describe, expect, it } from 'vitest'
import { download, FILE, fetchText, openClient, sendFile, serve } from './servers.ts'

/** Redirects to where the path says after `/`, percent-encoded; answers `/end` with a text. */
const serveRedirects = (status = 302) =>
  serve((request, response) => {
    const path = request.url!.slice(1)
    if (path.startsWith('end')) response.end('the end')
    else response.writeHead(status, path === '' ? {} : { location: decodeURIComponent(path) }).end('moved')
  })

const to = (target: string | URL) => `/${encodeURIComponent(String(target))}`

describe('redirects', () => {
  it.each([301, 302, 303, 307, 308])('are followed: %i', async status => {
    const server = await serveRedirects(status)
    const { client } = openClient()
    expect(await fetchText(client, server.at(to(server.at('/end'))))).toBe('the end')
  })

  it('may be relative', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/a/c/d?e') response.end('the end')
      else response.writeHead(302, { location: request.url === '/a/b' ? 'c/x' : 'd?e' }).end()
    })
    expect(await fetchText(openClient().client, server.at('/a/b'))).toBe('the end')
    expect(server.requests.map(({ url }) => url)).toEqual(['/a/b', '/a/c/x', '/a/c/d?e'])
  })

  it('leave connections to be used again', async () => {
    const server = await serve((_, response) => {
      response.writeHead(302, { location: other.at('/').href, 'content-length': 5 }).write('mov')
      setTimeout(() => response.end('ed'), 20)
    })
    const other = await serve((_, response) => response.end('the end'))
    const { client } = openClient()
    for (let i = 0; i < 2; i++) {
      expect(await fetchText(client, server.at('/'))).toBe('the end')
      await new Promise(resolve => setTimeout(resolve, 100))
    }
    expect(server.sockets).toHaveLength(1)
  })

  it('may be ten, and not more', async () => {
    const server = await serve((request, response) => {
      const left = Number(request.url!.slice(1))
      if (left === 0) response.end('the end')
      else response.writeHead(302, { location: `/${left - 1}` }).end()
    })
    const { client } = openClient()
    expect(await fetchText(client, server.at('/10'))).toBe('the end')
    await expect(fetchText(client, server.at('/11'))).rejects.toMatchObject({
      code: 'HTTP_REDIRECT',
      url: server.at('/11').href,
      message: expect.stringMatching(/\/11: there are more than 10 redirects, the last to http.*\/0; ask whoever runs/),
    })
    expect(server.requests).toHaveLength(11 + 11)
  })

  it.each<[string, string, RegExp]>([
    ['lead nowhere', '/', /redirects \(302\) without saying where to/],
    ['lead to what is no URL', to('http://['), /what is no URL: "http:\/\/\["/],
    ['lead to another scheme', to('ftp://example.org/'), /redirects to ftp:, which is not supported/],
    ['lead to where they are', '/a?b', /a\?\.\.\.: redirects lead in a circle, back to it;/],
  ])('are refused that %s', async (what, path, message) => {
    const server = await serve((request, response) => {
      const location = what === 'lead to where they are' ? '/a?b' : decodeURIComponent(request.url!.slice(1))
      response.writeHead(302, location === '' ? {} : { location }).end()
    })
    const { client } = openClient()
    const refusal = { code: 'HTTP_REDIRECT', status: 302, message: expect.stringMatching(message) }
    await expect(fetchText(client, server.at(path))).rejects.toMatchObject(refusal)
    expect(server.requests).toHaveLength(1)
  })

  it('are refused that lead in a longer circle', async () => {
    const next: Record<string, string> = { '/a': '/b', '/b': '/c', '/c': '/b' }
    const server = await serve((request, response) => response.writeHead(301, { location: next[request.url!] }).end())
    const refusal = {
      code: 'HTTP_REDIRECT',
      message: expect.stringMatching(/\/a: redirects lead in a circle, back to .*\/b;/),
    }
    await expect(fetchText(openClient().client, server.at('/a'))).rejects.toMatchObject(refusal)
    expect(server.requests).toHaveLength(3)
  })

  it('are named when the place they lead to fails, without the signature in its query', async () => {
    const [server, other] = [await serveRedirects(), await serve((_, response) => response.writeHead(500).end())]
    const { client } = openClient()
    await expect(fetchText(client, server.at(to(other.at('/x?Signature=secret'))))).rejects.toThrow(
      `${server.at(to(other.at('/x?Signature=secret')))}, redirected to ${other.at('/x?...')}: 127.0.0.1:${other.port} answers 500`,
    )
  })

  it('lead to files that are missing, too', async () => {
    const [server, other] = [await serveRedirects(), await serve((_, response) => response.writeHead(404).end())]
    expect(await download(openClient().client, server.at(to(other.at('/'))))).toBeUndefined()
  })
})

describe('authorization', () => {
  const sent = (requests: readonly { url?: string; headers: { authorization?: string } }[]) =>
    requests.map(({ headers }) => headers.authorization)
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`

  it('is asked for anew wherever a redirect leads, and sent nowhere else', async () => {
    const [server, other] = [await serveRedirects(), await serveRedirects()]
    const asked: string[] = []
    const { client } = openClient({
      authorizationFor: url => {
        asked.push(url.href)
        return url.host === server.at('/').host ? 'Bearer token' : undefined
      },
    })
    const fourth = `http://localhost:${server.port}/end`
    const third = other.at(to(fourth)).href
    const second = server.at(to(third)).href
    const first = server.at(to(second)).href
    expect(await fetchText(client, new URL(first))).toBe('the end')
    expect(asked).toEqual([first, second, third, fourth])
    expect(sent(server.requests)).toEqual(['Bearer token', 'Bearer token', undefined])
    expect(sent(other.requests)).toEqual([undefined])
  })

  it('of a URL is sent to its origin, wherever redirects come from, and to no other host or port', async () => {
    const [server, other] = [await serveRedirects(), await serveRedirects()]
    const { client } = openClient()
    const back = to(server.at('/end'))
    const host = to(`http://localhost:${server.port}${to(other.at(back))}`)
    const url = server.at(to(host))
    url.username = 'us:er'
    url.password = 'pass%/'
    expect(await fetchText(client, url)).toBe('the end')
    const own = basic('us:er:pass%/')
    expect(sent(server.requests)).toEqual([own, own, undefined, own])
    expect(sent(other.requests)).toEqual([undefined])
  })

  it('of a URL goes before what the client is given', async () => {
    const server = await serve((request, response) => sendFile(request, response))
    const { client } = openClient({ authorizationFor: () => 'Bearer token' })
    const url = server.at('/')
    url.username = 'user'
    expect(FILE.equals((await download(client, url))!)).toBe(true)
    expect(sent(server.requests)).toEqual([basic('user:')])
  })
})
