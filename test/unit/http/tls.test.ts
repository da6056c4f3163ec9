import { describe, expect, it } from 'vitest'
import { needs } from '../../programs.ts'
import { download, FILE, fetchText, openClient, sendFile, serve } from './servers.ts'
import { serveTls } from './tls-server.ts'

const openssl = needs('openssl')

describe.skipIf(openssl.skip)(`an HTTP client, over TLS${openssl.because}`, () => {
  it('downloads, and goes on where a connection broke', async () => {
    const server = await serveTls((request, response) =>
      sendFile(request, response, server.requests.length === 1 ? { until: 500_000 } : {}),
    )
    const { client, pauses } = openClient()
    expect(FILE.equals((await download(client, server.at('/')))!)).toBe(true)
    expect(pauses).toHaveLength(1)
  })

  it('speaks HTTP/1.1, whatever else the server can', async () => {
    const server = await serveTls((request, response) => response.end(request.httpVersion))
    expect(await fetchText(openClient().client, server.at('/'))).toBe('1.1')
  })

  it.each([
    [
      'that nobody vouches for',
      false,
      'localhost',
      /\(self-signed certificate\); .*, name a file with that in NIX_SSL_CERT_FILE, SSL_CERT_FILE or NODE_EXTRA_CA_CERTS$/,
    ],
    ['for another host', true, '127.0.0.1', /\(Hostname.*does not match.*\); check the URL/],
  ])('refuses a certificate %s, at once', async (_, trusted, hostname, words) => {
    const server = await serveTls((_, response) => response.end(), { trusted })
    const { client, pauses } = openClient()
    const url = server.at('/')
    url.hostname = hostname
    const error = await fetchText(client, url).catch((error: Error) => error)
    expect(error).toMatchObject({ name: 'HttpError', code: 'HTTP_FAILED' })
    expect((error as Error).message).toMatch(/: the certificate was refused \(/)
    expect((error as Error).message).toMatch(words)
    expect(pauses).toEqual([])
    expect(server.requests).toEqual([])
  })

  it('follows redirects to it, and none away from it', async () => {
    const plain = await serve((_, response) => response.writeHead(302, { location: server.at('/end').href }).end())
    const server = await serveTls((request, response) => {
      if (request.url === '/end') response.end('the end')
      else response.writeHead(302, { location: plain.at('/').href }).end()
    })
    const { client } = openClient()
    expect(await fetchText(client, plain.at('/'))).toBe('the end')
    await expect(fetchText(client, server.at('/away'))).rejects.toMatchObject({
      code: 'HTTP_REDIRECT',
      message: expect.stringMatching(/localhost:\d+ redirects to http:.*, which is not encrypted any more;/),
    })
    expect(plain.requests).toHaveLength(1)
  })
})
