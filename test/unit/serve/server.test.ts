import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type ServeOptions, serveFolder } from '../../../src/serve/index.ts'
import { ask, folderOf, serve } from './folders.ts'

const hasIPv6 = Object.values(networkInterfaces()).some(list => list?.some(({ address }) => address === '::1'))

const enough = new Error('enough')

describe('a server', () => {
  it('tells of each request when it is over', async () => {
    const lines: string[] = []
    const { url, close } = await serve(folderOf({ a: 'a' }), { onRequest: line => lines.push(line) })
    for (const path of ['/a', '/b', '/']) await ask(url, path)
    await ask(url, '/a', 'POST')
    await close()
    expect(lines).toEqual(['GET /a 200', 'GET /b 404', 'GET / 200', 'POST /a 405'])
  })

  it.each<[string, () => Promise<void>]>([
    [
      'throws',
      () => {
        throw enough
      },
    ],
    ['rejects', () => Promise.reject(enough)],
    ['rejects later', () => new Promise<void>((_, reject) => setTimeout(reject, 50, enough))],
  ])('closes if the one who is told of a request %s', async (_, tell) => {
    let calls = 0
    const onRequest = () => {
      calls++
      return tell()
    }
    const server = await serveFolder(folderOf({ a: 'a' }), { port: 0, onRequest })
    await ask(server.url, '/a')
    await expect(server.closed).rejects.toBe(enough)
    await expect(server.close()).rejects.toBe(enough)
    await expect(fetch(`${server.url}/a`)).rejects.toThrow()
    expect(calls).toBe(1)
  })

  it('is closed by its signal, and says so', async () => {
    const controller = new AbortController()
    const { closed } = await serve(folderOf({ a: 'a' }), { signal: controller.signal })
    controller.abort()
    expect(await closed).toBeUndefined()
  })

  const addresses: [string, RegExp][] = [
    ['127.0.0.1', /^http:\/\/127\.0\.0\.1:\d+$/],
    ['localhost', /^http:\/\/(127\.0\.0\.1|\[::1\]):\d+$/],
    ['::1', /^http:\/\/\[::1\]:\d+$/],
  ]
  it.each(addresses.filter(([host]) => host !== '::1' || hasIPv6))('listens on %s', async (host, pattern) => {
    const { url } = await serve(folderOf({ a: 'a' }), { host })
    expect(url).toMatch(pattern)
    expect(await (await fetch(`${url}/a`)).text()).toBe('a')
  })

  it('ends with every download, and only once', async () => {
    const lines: string[] = []
    const onRequest = (line: string) => lines.push(line)
    const server = await serve(folderOf({ large: Buffer.alloc(50 << 20) }), { onRequest })
    const response = await fetch(`${server.url}/large`)
    await server.close()
    await expect(response.bytes()).rejects.toThrow()
    await vi.waitUntil(() => lines.length > 0)
    expect(lines).toEqual(['GET /large 200, broken off'])
    await expect(fetch(`${server.url}/large`)).rejects.toThrow()
    await server.close()
  })

  it.each([
    ['one', 'CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['one, and more behind it', 'CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['one, and bytes behind it', `CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n${'x'.repeat(100_000)}`],
    ['one behind another request', 'GET /a HTTP/1.1\r\nHost: a\r\n\r\nCONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n'],
  ])('is no proxy, and outlives who takes it for one: %s', async (_, requests) => {
    const { url, close } = await serve(folderOf({ a: 'a' }), { limits: { connections: 2 } })
    for (const how of ['read', 'reset', 'kept', 'kept', 'kept']) {
      const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true })
      socket.on('error', () => {})
      socket.write(requests)
      const ended = once(socket, 'close')
      if (how === 'reset') socket.resetAndDestroy()
      else if (how === 'read') expect(await text(socket)).toMatch(/HTTP\/1\.1 405 Method Not Allowed\r\n/)
      else socket.resume()
      socket.on('end', () => how === 'read' && socket.end())
      if (how === 'reset') await ended
    }
    expect(await (await fetch(`${url}/a`)).text()).toBe('a')
    await close()
  })

  it('outlives clients that leave at any moment, and closes what it has opened', async () => {
    const { url } = await serve(folderOf({ 'web.tar.xz': Buffer.alloc(1 << 20) }))
    const opened = () => readdirSync('/proc/self/fd').length
    const get = (range?: string) => fetch(`${url}/web.tar.xz`, { headers: range ? { range } : {} })
    await (await get()).bytes()
    const before = opened()
    for (let n = 0; n < 300; n++) {
      const socket = connect(Number(new URL(url).port), '127.0.0.1')
      socket.on('error', () => {})
      const method = n % 5 === 0 ? 'HEAD' : 'GET'
      const condition = ['', 'Range: bytes=1-2,5-9\r\n', 'If-Match: "x"\r\n', 'Range: bytes=9999999-\r\n'][n % 4]
      socket.write(`${method} /web.tar.xz HTTP/1.1\r\nHost: a\r\n${condition}\r\n`)
      await new Promise(resolve => setTimeout(resolve, n % 8))
      socket.destroy()
    }
    expect((await (await get()).bytes()).length).toBe(1 << 20)
    await vi.waitUntil(() => opened() <= before, { timeout: 10_000 })
  })

  it('ends when it is told to', async () => {
    const folder = folderOf({ a: 'a' })
    const reason = new Error('enough')
    await expect(serve(folder, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const early = new AbortController()
    const starting = serve(folder, { signal: early.signal })
    early.abort(reason)
    await expect(starting).rejects.toBe(reason)
    const later = new AbortController()
    const { url } = await serve(folder, { signal: later.signal })
    expect((await fetch(`${url}/a`)).status).toBe(200)
    later.abort(reason)
    await expect(fetch(`${url}/a`)).rejects.toThrow()
  })

  it('says why it cannot be', async () => {
    const folder = folderOf({ file: '' })
    const other = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void other.close())
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const refuses = async (served: string, options: ServeOptions, code: string, message: RegExp) => {
      const error = await serve(served, options).catch(error => error)
      expect(error).toMatchObject({ name: 'ServeError', code, message: expect.stringMatching(message) })
    }
    await refuses(join(folder, 'missing'), {}, 'FOLDER_MISSING', /missing: is not there; name a folder of images/)
    await refuses(join(folder, 'file'), {}, 'FOLDER_MISSING', /file: is no folder.*; name a folder of images/)
    await refuses(folder, { port }, 'ADDRESS_UNUSABLE', /port \d+ is taken by another program; give another --port/)
    await refuses(folder, { host: '192.0.2.1' }, 'ADDRESS_UNUSABLE', /192\.0\.2\.1 .*is no address of this machine/)
    await refuses(folder, { host: 'nowhere.invalid' }, 'ADDRESS_UNUSABLE', /nowhere\.invalid .*give an(other| address)/)
    await expect(serve(folder, { port: 70_000 })).rejects.toThrow(RangeError)
  })
})
