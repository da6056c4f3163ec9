import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { aboutUrl, describeUrl } from '../../../src/describe-url.ts'
import { parseNetrc } from '../../../src/http/index.ts'
import { serveProxy, serveSocks, setVariables } from './proxy-servers.ts'
import { download, fetchText, openClient, serve } from './servers.ts'

const SECRET = 'SeCrEt'

/** A URL with a secret wherever one may stand. */
function plant(url: URL): URL {
  const planted = new URL(url)
  planted.username = `${SECRET}-user`
  planted.password = `${SECRET}/?#@:%`
  planted.search = `X-Amz-Signature=${SECRET}&${SECRET},${SECRET}`
  planted.hash = SECRET
  return planted
}

/** All that an error shows of itself, to people and to programs. */
function showAll(error: unknown): string {
  return [String(error), inspect(error, { depth: 10, showHidden: true }), JSON.stringify(error)].join('\n')
}

describe('no error shows a secret of', () => {
  it.each<[string, (url: string) => (path: string) => [number, Record<string, string>]]>([
    ['a URL that fails', () => () => [500, {}]],
    ['a URL that must not be read', () => () => [401, {}]],
    [
      'a redirect that fails',
      url => path => (path.startsWith('/b') ? [500, {}] : [302, { location: `${url}b?${SECRET}` }]),
    ],
    [
      'a redirect in a circle',
      url => path => [302, { location: path.startsWith('/b') ? `${url}c?${SECRET}` : `${url}b?${SECRET}` }],
    ],
    ['a redirect to itself', () => path => [302, { location: path }]],
    ['a redirect to no URL', () => () => [302, { location: `http://u:${SECRET}@[/?${SECRET}` }]],
    ['a redirect to another scheme', () => () => [302, { location: `ftp://${SECRET}@host/?${SECRET}` }]],
    ['a Content-Encoding', () => () => [200, { 'content-encoding': 'xz' }]],
  ])('%s', async (_, answerAt) => {
    const server = await serve((request, response) => {
      const [status, headers] = answerAt(server.at('/').href)(request.url!)
      response.writeHead(status, headers).end('text')
    })
    const authorizationFor = parseNetrc(`machine 127.0.0.1 login ${SECRET} password ${SECRET}`)
    for (const { client } of [
      openClient({ attempts: 2, patience: 0 }),
      openClient({ authorizationFor, attempts: 2, patience: 0 }),
    ]) {
      const url = plant(server.at('/a'))
      const error: Error = await download(client, url).then(
        () => expect.fail(),
        error => error,
      )
      expect(error.message).toContain(`${server.at('/a')}?...`)
      expect(showAll(error)).not.toContain(SECRET)
      const urls = error.message.match(/https?:\/\/\S+?(?=[,:;]? )/g)!
      expect(new Set(urls).size).toBe(urls.length)
    }
  })

  it.each(['http', 'https', 'socks5h', 'socks4a'])('a proxy that speaks %s', async scheme => {
    const login = { user: 'other', password: 'other' }
    const gone = await serve(() => {})
    await gone.stop()
    const [http, socks, none] = [
      await serveProxy({ login }),
      await serveSocks({ login }),
      await serveSocks({ reply: 5 }),
    ]
    for (const { port } of [http, socks, none, gone]) {
      setVariables({ all_proxy: `${scheme}://${SECRET}:${SECRET}%40@127.0.0.1:${port}/${SECRET}?${SECRET}` })
      const { client } = openClient({ attempts: 2, patience: 0, stallTimeout: 500 })
      for (const url of ['http://cache.test/', 'https://cache.test/']) {
        const error = await fetchText(client, new URL(url)).then(
          () => expect.fail(),
          error => error,
        )
        expect(error).toMatchObject({ name: 'HttpError', url })
        expect(showAll(error)).not.toContain(SECRET)
      }
    }
  })

  it('a proxy that is none', () => {
    for (const value of [
      `ftp://u:${SECRET}@host`,
      `http://u:${SECRET}@`,
      `u:${SECRET}@host:99999`,
      `${SECRET}://host`,
    ]) {
      setVariables({ all_proxy: value })
      try {
        openClient()
        expect.fail()
      } catch (error) {
        expect(String(error)).toContain('all_proxy: not the URL of a proxy')
        expect(showAll(error)).not.toContain(SECRET)
      }
    }
  })
})

describe('a URL in a message', () => {
  it.each([
    ['https://user:pass@host/a/b?c=d#e', 'https://host/a/b?...'],
    ['https://host/a', 'https://host/a'],
    ['file:///a/b%3Fc', 'file:///a/b%3Fc'],
    ['https://user:p/a#s?s@host/@a', 'https://a'],
    ['//user:pass@host/nar/a?b', '//host/nar/a?...'],
    ['nar/a.nar?sig=b c', 'nar/a.nar?... c'],
    ['https://u:p@a/b?c=d,e, https://u:p@f/g', 'https://a/b?... https://f/g'],
  ])('has no user, password and query: %s', (url, shown) => {
    expect(describeUrl(url)).toBe(shown)
  })

  it('is there once', () => {
    expect(aboutUrl('http://u@a/b?c', 'it failed')).toBe('http://a/b?...: it failed')
    expect(aboutUrl('http://u@a/b?c', 'http://a/b?...: it failed')).toBe('http://a/b?...: it failed')
  })
})
