import { createServer, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createHttpClient } from '../../../src/http/index.ts'
import { needs } from '../../programs.ts'
import { join, setVariables } from './proxy-servers.ts'
import { download, FILE, fetchText, LIMIT, openClient, sendFile, serve, start } from './servers.ts'
import { serveTls } from './tls-server.ts'

const openssl = needs('openssl')

type Tunnel = (request: IncomingMessage, socket: Socket, open: () => void) => void

/** A proxy that opens tunnels; `decide` may do otherwise. */
async function serveTunnels(decide: Tunnel = (_, __, open) => open()) {
  const targets: (string | undefined)[] = []
  const server = createServer()
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    targets.push(request.url)
    socket.resume().on('end', () => socket.destroy())
    decide(request, socket, () => {
      join(socket, Number(request.url!.split(':')[1]), 'HTTP/1.1 200 Connection established\r\n\r\n')
    })
  })
  return { ...(await start(server, 0)), targets }
}

describe('a proxy for http', () => {
  it.each([
    ['HTTP_PROXY', 'http://'],
    ['http_proxy', 'http://'],
    ['HTTP_PROXY', ''],
  ])('is taken from %s, "%s" before host and port', async (name, scheme) => {
    const proxy = await serve((request, response) => response.end(`${request.url} ${request.headers.host}`))
    setVariables({ [name]: `${scheme}127.0.0.1:${proxy.port}` })
    const { client } = openClient()
    const url = 'http://example.org/a?b'
    expect(await fetchText(client, new URL(url))).toBe(`${url} example.org`)
  })

  it('is named where it cannot be reached, also for requests that were not sent because others failed', async () => {
    const proxy = await serve(() => {})
    await proxy.stop()
    setVariables({ HTTP_PROXY: `http://127.0.0.1:${proxy.port}` })
    const { client } = openClient()
    const ask = () => client.fetchDocument(new URL('http://example.org/'), { limit: LIMIT, insist: false })
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, ask))
    outcomes.push(...(await Promise.allSettled([ask()])))
    for (const outcome of outcomes) {
      const message = expect.stringContaining(`the proxy http://127.0.0.1:${proxy.port}`)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { message } })
    }
  })

  it('gets user and password, and the server its own', async () => {
    const proxy = await serve((request, response) => {
      response.end([request.headers['proxy-authorization'], request.headers.authorization].join())
    })
    setVariables({ HTTP_PROXY: `http://us:er@127.0.0.1:${proxy.port}` })
    const { client } = openClient({ authorizationFor: () => 'Bearer token' })
    const expected = `Basic ${Buffer.from('us:er').toString('base64')},Bearer token`
    expect(await fetchText(client, new URL('http://example.org/'))).toBe(expected)
  })

  it('is not used for what NO_PROXY names', async () => {
    const server = await serve((_, response) => response.end('direct'))
    const proxy = await serve((_, response) => response.end('proxy'))
    setVariables({ HTTP_PROXY: proxy.at('/').href, NO_PROXY: 'example.org,127.0.0.1' })
    expect(await fetchText(openClient().client, server.at('/'))).toBe('direct')
    expect(proxy.requests).toEqual([])
  })

  it('that wants a password is not asked again', async () => {
    const proxy = await serve((_, response) => response.writeHead(407).end('x'.repeat(100)))
    setVariables({ HTTP_PROXY: proxy.at('/').href })
    const { client, pauses } = openClient()
    const message = `: the proxy ${proxy.at('/').href.slice(0, -1)}, which HTTP_PROXY names: it answers 407 Proxy Authentication Required; give its user and password in HTTP_PROXY`
    const refusal = { code: 'HTTP_FAILED', message: expect.stringContaining(message) }
    await expect(fetchText(client, new URL('http://example.org/'))).rejects.toMatchObject(refusal)
    expect(pauses).toEqual([])
  })

  it('that is not there is named, without its password', async () => {
    const proxy = await serve(() => {})
    await proxy.stop()
    setVariables({ HTTP_PROXY: `http://user:secret@127.0.0.1:${proxy.port}` })
    const error = await fetchText(openClient().client, new URL('http://example.org/')).catch((error: Error) => error)
    expect(error).toMatchObject({ code: 'HTTP_FAILED' })
    expect(String(error)).toContain(`refused (connect ECONNREFUSED 127.0.0.1:${proxy.port})`)
    expect(String(error)).not.toContain('secret')
  })

  it.each([
    'ftp://host:1',
    'http://',
    'user:secret@:80',
    'http://host:0',
    'http://host:65536',
    'http://[::1:80',
    `socks5://${'u'.repeat(256)}:secret@host`,
  ])('is refused if it cannot be one: %s', value => {
    setVariables({ HTTPS_PROXY: value })
    const refusal = expect.objectContaining({
      code: 'HTTP_PROXY_INVALID',
      message: expect.stringMatching(
        /^HTTPS_PROXY: not the URL of a proxy: it[^:]*; write scheme:\/\/host:port, where the scheme is one of http, /,
      ),
    })
    expect(() => createHttpClient()).toThrow(refusal)
  })
})

describe.skipIf(openssl.skip)(`a proxy for https${openssl.because}`, () => {
  it('opens the way to the server', async () => {
    const proxy = await serveTunnels()
    const server = await serveTls((request, response) =>
      sendFile(request, response, server.requests.length === 1 ? { until: 500_000 } : {}),
    )
    setVariables({ HTTPS_PROXY: proxy.at('/').href })
    const { client, pauses } = openClient()
    expect(FILE.equals((await download(client, server.at('/')))!)).toBe(true)
    expect(pauses).toHaveLength(1)
    expect(proxy.targets).toEqual(Array(2).fill(`localhost:${server.port}`))
  })

  it('may refuse, close or be silent for a while', async () => {
    const proxy = await serveTunnels((_, socket, open) => {
      if (proxy.targets.length === 1) socket.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n')
      else if (proxy.targets.length === 2) socket.destroy()
      else if (proxy.targets.length > 3) open()
    })
    const server = await serveTls((_, response) => response.end('text'))
    setVariables({ HTTPS_PROXY: proxy.at('/').href })
    const { client, pauses } = openClient({ stallTimeout: 300, attempts: 50 })
    expect(await fetchText(client, server.at('/'))).toBe('text')
    expect(pauses.length).toBeGreaterThanOrEqual(3)
  })

  it('that is silent for ever is given up', async () => {
    const proxy = await serveTunnels(() => {})
    const server = await serveTls((_, response) => response.end('text'))
    setVariables({ HTTPS_PROXY: proxy.at('/').href })
    const { client } = openClient({ stallTimeout: 50, attempts: 2 })
    const refusal = { code: 'HTTP_TIMEOUT', message: expect.stringContaining('the proxy does not answer') }
    await expect(fetchText(client, server.at('/'))).rejects.toMatchObject(refusal)
  })

  it('is left at once when the client is closed', async () => {
    const proxy = await serveTunnels((_, socket, open) => {
      if (proxy.targets.length === 1) open()
      else socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
    })
    const server = await serveTls((_, response) => response.write('first'))
    setVariables({ HTTPS_PROXY: proxy.at('/').href })
    const client = createHttpClient()
    const file = (await client.openFile(server.at('/'), { limit: 100 }))!
    const second = fetchText(client, server.at('/')).catch((error: Error) => error)
    await file.next()
    await expect.poll(() => proxy.targets.length).toBe(2)
    await expect.poll(() => proxy.sockets[1]!.bytesRead).toBeGreaterThan(300)
    await client.close()
    expect(await second).toMatchObject({ code: 'HTTP_CLOSED' })
    await expect.poll(() => proxy.sockets.every(socket => socket.destroyed), { timeout: 5000 }).toBe(true)
  })
})
