import { describe, expect, it } from 'vitest'
import { createHttpClient } from '../../../src/http/index.ts'
import { needs } from '../../programs.ts'
import { type Login, serveProxy, serveSocks, setVariables } from './proxy-servers.ts'
import { download, FILE, fetchText, openClient, sendFile, serve, type TestServer } from './servers.ts'
import { makeCertificate, serveTls, trust } from './tls-server.ts'

const openssl = needs('openssl')

const LOGIN: Login = { user: 'us:er@', password: 'pass%/ word' }
const USERINFO = `${encodeURIComponent(LOGIN.user)}:${encodeURIComponent(LOGIN.password)}@`

/** A server of `protocol` for a host that this machine does not know by that name. */
async function serveTarget(protocol: string, name: string): Promise<{ server: TestServer; url: URL }> {
  const listener = (_: unknown, response: { end(text: string): void }) => response.end('text')
  const server = protocol === 'https' ? await serveTls(listener) : await serve(listener)
  return { server, url: new URL(`${protocol}://${name}:${server.port}/a`) }
}

describe.skipIf(openssl.skip)(`a proxy${openssl.because}`, () => {
  it.each([
    ['http', 'http', 'http_proxy'],
    ['http', 'https', 'https_proxy'],
    ['https', 'http', 'http_proxy'],
    ['https', 'https', 'https_proxy'],
    ['http', 'https', 'all_proxy'],
    ['https', 'http', 'ALL_PROXY'],
  ])('that speaks %s is gone through to %s, with user and password, by %s', async (scheme, protocol, name) => {
    const certificate = makeCertificate()
    trust(certificate.cert)
    const proxy = await serveProxy({ login: LOGIN, ...(scheme === 'https' && { certificate }) })
    const { server, url } = await serveTarget(protocol, protocol === 'https' ? 'localhost' : 'cache.test')
    setVariables({ [name]: `${scheme}://${USERINFO}localhost:${proxy.port}` })
    const { client } = openClient()
    for (let i = 0; i < 5; i++) expect(await fetchText(client, url)).toBe('text')
    expect(new Set(proxy.asked)).toEqual(new Set([protocol === 'https' ? `CONNECT ${url.host}` : `GET ${url.href}`]))
    // One that is free again only in the next round of the event loop, and one for what comes before that.
    expect(server.sockets.length).toBeLessThanOrEqual(protocol === 'https' ? 2 : 5)
    expect(server.requests).toHaveLength(5)
  })

  it.each([
    ['socks5h', 'http', 'name', 'cache.test'],
    ['socks5h', 'https', 'name', 'localhost'],
    ['socks5', 'http', 'ip', 'localhost'],
    ['socks5', 'https', 'ip', 'localhost'],
    ['socks4a', 'http', 'name', 'cache.test'],
    ['socks4', 'https', 'ipv4', 'localhost'],
    ['socks', 'http', 'ipv4', 'localhost'],
    ['SOCKS5H', 'http', 'ipv4', '127.0.0.9'],
    ['socks5', 'http', 'ipv6', '[::1]'],
    ['socks5h', 'http', 'ipv6', '[::1]'],
  ])('that speaks %s is asked to connect to %s servers by %s: %s', async (scheme, protocol, type, name) => {
    const proxy = await serveSocks()
    const { server, url } = await serveTarget(protocol, name)
    setVariables({ all_proxy: `${scheme}://127.0.0.1:${proxy.port}` })
    const { client } = openClient()
    for (let i = 0; i < 5; i++) expect(await fetchText(client, url)).toBe('text')
    expect(proxy.asked.length).toBeLessThanOrEqual(2)
    expect(proxy.asked[0].type).toMatch(type === 'ip' ? /^ipv[46]$/ : new RegExp(`^${type}$`))
    if (type === 'name') expect(proxy.asked[0].host).toBe(name)
    expect(server.requests).toHaveLength(5)
  })

  it('that speaks socks5 gets user and password, and those of SOCKS 4 have a user', async () => {
    const [five, four] = [await serveSocks({ login: LOGIN }), await serveSocks()]
    const { url } = await serveTarget('http', 'cache.test')
    setVariables({ http_proxy: `socks5h://${USERINFO}127.0.0.1:${five.port}` })
    expect(await fetchText(openClient().client, url)).toBe('text')
    expect(five.logins).toEqual([LOGIN])
    setVariables({ http_proxy: `socks4a://us%3Aer@127.0.0.1:${four.port}` })
    expect(await fetchText(openClient().client, url)).toBe('text')
    expect(four.asked[0].user).toBe('us:er')
  })

  it.each(['http', 'socks5h'])(
    'that speaks %s and refuses the password is named, and not asked again',
    async scheme => {
      for (const protocol of ['http', 'https']) {
        const login = { user: 'user', password: 'right' }
        const proxy = scheme === 'http' ? await serveProxy({ login }) : await serveSocks({ login })
        const { server, url } = await serveTarget(protocol, 'localhost')
        for (const userinfo of ['user:secret@', '']) {
          setVariables({ ALL_PROXY: `${scheme}://${userinfo}127.0.0.1:${proxy.port}` })
          const { client, pauses } = openClient()
          const error: Error = await fetchText(client, url).catch(error => error)
          expect(error).toMatchObject({ code: 'HTTP_FAILED' })
          expect(error.message).toContain(
            `${url.href}: the proxy ${scheme}://127.0.0.1:${proxy.port}, which ALL_PROXY names: it `,
          )
          expect(error.message).toMatch(/; give its user and password in ALL_PROXY$/)
          expect(error.message + JSON.stringify(error) + JSON.stringify(error.cause ?? '')).not.toContain('secret')
          expect(pauses).toEqual([])
        }
        expect(server.requests).toEqual([])
      }
    },
  )

  it.each(['http', 'https', 'socks5', 'socks5h', 'socks4'])('that is not there is named: %s', async scheme => {
    for (const protocol of ['http', 'https']) {
      const proxy = await serveSocks()
      await proxy.stop()
      const { server, url } = await serveTarget(protocol, 'localhost')
      setVariables({ all_proxy: `${scheme}://user:secret@127.0.0.1:${proxy.port}` })
      const { client, pauses } = openClient({ patience: 1000 })
      const error: Error = await fetchText(client, url).catch(error => error)
      expect(error).toMatchObject({ code: 'HTTP_FAILED', cause: { code: 'ECONNREFUSED' } })
      const who = `${url.href}: the proxy ${scheme}://127.0.0.1:${proxy.port}, which all_proxy names: the connection was refused`
      expect(error.message).toContain(who)
      expect(error.message).not.toContain('secret')
      expect(pauses.length).toBeGreaterThan(0)
      expect(server.requests).toEqual([])
    }
  })

  it('that speaks SOCKS and cannot connect is asked again, but not if it may not', async () => {
    for (const [reply, words, attempts] of [
      [4, 'HostUnreachable', 5],
      [2, 'NotAllowed', 1],
    ] as const) {
      const proxy = await serveSocks({ reply })
      setVariables({ all_proxy: `socks5h://127.0.0.1:${proxy.port}` })
      const { client } = openClient()
      const refusal = { code: 'HTTP_FAILED', message: expect.stringContaining(`connect to the server (${words})`) }
      await expect(fetchText(client, new URL('http://cache.test/'))).rejects.toMatchObject(refusal)
      expect(proxy.asked).toHaveLength(attempts)
    }
  })

  it('that speaks https and has a certificate that nobody vouches for is refused', async () => {
    const proxy = await serveProxy({ certificate: makeCertificate() })
    setVariables({ all_proxy: `https://localhost:${proxy.port}` })
    for (const url of ['http://cache.test/', 'https://cache.test/']) {
      const { client, pauses } = openClient()
      const words = `the proxy https://localhost:${proxy.port}, which all_proxy names: the certificate was refused (self-signed certificate)`
      await expect(fetchText(client, new URL(url))).rejects.toMatchObject({ message: expect.stringContaining(words) })
      expect(pauses).toEqual([])
    }
    expect(proxy.asked).toEqual([])
  })

  it('that speaks SOCKS carries downloads that break, over 25 connections at most', async () => {
    const proxy = await serveSocks()
    const server = await serveTls((request, response) =>
      sendFile(request, response, request.headers.range === undefined ? { until: 500_000 } : {}),
    )
    setVariables({ all_proxy: `socks5h://127.0.0.1:${proxy.port}` })
    const { client } = openClient()
    const files = await Promise.all(Array.from({ length: 30 }, () => download(client, server.at('/'))))
    expect(files.every(file => FILE.equals(file!))).toBe(true)
    expect(server.sockets.length).toBeLessThanOrEqual(30 + 25)
  })

  it('that speaks SOCKS and is silent is left at once when the client is closed', async () => {
    const silent = await serve(() => {})
    const proxy = await serveSocks()
    setVariables({ http_proxy: `socks5h://127.0.0.1:${silent.port}`, https_proxy: `socks5h://127.0.0.1:${proxy.port}` })
    const client = createHttpClient()
    const texts = ['http', 'https'].map(protocol =>
      fetchText(client, new URL(`${protocol}://127.0.0.1:${silent.port}/`)).catch((error: Error) => error),
    )
    await expect.poll(() => silent.sockets.length).toBe(2)
    await client.close()
    for (const text of texts) expect(await text).toMatchObject({ code: 'HTTP_CLOSED' })
    await expect.poll(() => silent.sockets.every(socket => socket.destroyed), { timeout: 5000 }).toBe(true)
  })

  it('may have an IPv6 address', async () => {
    const server = await serve((_, response) => response.end('text'))
    setVariables({ http_proxy: `http://[::1]:${server.port}` })
    const refusal = {
      message: expect.stringContaining(`the proxy http://[::1]:${server.port}, which http_proxy names`),
    }
    await expect(fetchText(openClient({ patience: 0 }).client, server.at('/'))).rejects.toMatchObject(refusal)
    expect(server.requests).toEqual([])
  })
})
