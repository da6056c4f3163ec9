import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { ServeLimits } from '../../../src/serve/index.ts'
import { folderOf, serve } from './folders.ts'

/** A server of two files with a client that says what it is told to, byte by byte. */
async function connectTo(limits: ServeLimits, onRequest?: (line: string) => void) {
  const { url } = await serve(folderOf({ small: 'small', large: Buffer.alloc(8 << 20) }), { limits, onRequest })
  const open = async () => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    // The server may break off at any time.
    socket.on('error', () => {})
    onTestFinished(() => void socket.destroy())
    await once(socket, 'connect')
    return socket
  }
  return { url, open }
}

const GET = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`

/** Waits for the end of a connection, orderly or not. */
const closed = (socket: Socket) => new Promise(resolve => void socket.once('close', resolve))

async function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = []
  socket.on('data', chunk => chunks.push(chunk))
  await closed(socket)
  return Buffer.concat(chunks).toString('latin1')
}

const countOf = (text: string, part: string) => text.split(part).length - 1

describe('a server', () => {
  it('answers the requests of a connection one after the other, and others meanwhile', async () => {
    const lines: string[] = []
    const { url, open } = await connectTo({ requests: 5000 }, line => lines.push(line))
    const opened = () => readdirSync('/proc/self/fd').length
    const before = opened()
    const socket = await open()
    socket.pause()
    socket.write(GET('/large').repeat(5000))
    expect(await (await fetch(`${url}/small`)).text()).toBe('small')
    await vi.waitUntil(() => opened() > before)
    expect(opened()).toBeLessThan(before + 10)
    expect(lines).toEqual(['GET /small 200'])
  })

  it('reads few requests of a client that reads no answers', async () => {
    const { url, open } = await connectTo({ requests: 5000 })
    let parsed = 0
    const count = () => void parsed++
    subscribe('http.server.request.start', count)
    onTestFinished(() => void unsubscribe('http.server.request.start', count))
    const socket = await open()
    socket.pause()
    socket.write(GET('/large').repeat(5000))
    for (let i = 1; i <= 20; i++) await (await fetch(`${url}/small`)).text()
    expect(parsed).toBeGreaterThan(20)
    expect(parsed).toBeLessThan(100)
  })

  it('keeps the order of the answers', async () => {
    const { open } = await connectTo({})
    const socket = await open()
    socket.write(GET('/small') + GET('/none') + GET('/small').replace('Host', 'Connection: close\r\nHost'))
    const statuses = (await readAll(socket)).match(/HTTP\/1.1 \d+/g)
    expect(statuses).toEqual(['HTTP/1.1 200', 'HTTP/1.1 404', 'HTTP/1.1 200'])
  })

  it('closes a connection after as many requests as it may have', async () => {
    const { open } = await connectTo({ requests: 3 })
    const socket = await open()
    socket.write(GET('/small').repeat(20))
    const answers = await readAll(socket)
    expect(countOf(answers, 'HTTP/1.1 200')).toBe(3)
  })

  it('closes connections beyond those it may have', async () => {
    const { url, open } = await connectTo({ connections: 2 })
    const sockets = [await open(), await open()]
    await closed(await open())
    sockets[0].destroy()
    await vi.waitUntil(() =>
      fetch(`${url}/small`)
        .then(({ ok }) => ok)
        .catch(() => false),
    )
  })

  const STALLED: [what: string, text: string, limits: ServeLimits][] = [
    ['says nothing', '', { requestTime: 100 }],
    ['stops within a header', 'GET /small HTTP/1.1\r\nHos', { requestTime: 100 }],
    ['stops within a body', 'POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\na', { requestTime: 100 }],
    ['asks no more', GET('/small'), { keepAliveTime: 100 }],
    ['reads nothing', GET('/large'), { idleTime: 100 }],
  ]
  it.each(STALLED)('ends with a client that %s', async (_, text, limits) => {
    const { open } = await connectTo(limits)
    const socket = await open()
    socket.write(text)
    if (limits.idleTime === undefined) await readAll(socket)
    else {
      // What is not read keeps the end from being seen: reading begins when the server has given up.
      await new Promise(resolve => setTimeout(resolve, 500))
      expect((await readAll(socket)).length).toBeLessThan(8 << 20)
    }
  })

  it('ends with a client that drips a header', async () => {
    const { open } = await connectTo({ requestTime: 200 })
    const socket = await open()
    socket.write('GET /small HTTP/1.1\r\n')
    const drip = setInterval(() => socket.write('a'), 20)
    await closed(socket.resume())
    clearInterval(drip)
  })

  it.each([
    [200_000_000, 'ends with'],
    [1, 'waits for'],
  ])(
    'that wants %i bytes a second to be read %s a client that reads slowly, but never stops',
    async (leastRate, does) => {
      const huge = Buffer.alloc(32 << 20)
      const { url } = await serve(folderOf({ huge }), { limits: { idleTime: 700, leastRate } })
      const socket = connect(Number(new URL(url).port), '127.0.0.1')
      socket.on('error', () => {})
      onTestFinished(() => void socket.destroy())
      socket.write(GET('/huge').replace('Host', 'Connection: close\r\nHost'))
      let length = 0
      socket.on('data', chunk => {
        length += chunk.length
        socket.pause()
        setTimeout(() => socket.resume(), 5)
      })
      await closed(socket)
      expect(length >= huge.length).toBe(does === 'waits for')
    },
  )

  it('may have limits that are longer than any timer', async () => {
    const large = Buffer.alloc(8 << 20)
    const limits = { requestTime: 2 ** 33, keepAliveTime: 2 ** 31, idleTime: 2 ** 31 }
    const { url } = await serve(folderOf({ large }), { limits })
    const response = await fetch(new URL('large', url))
    await new Promise(resolve => setTimeout(resolve, 100))
    expect((await response.arrayBuffer()).byteLength).toBe(large.length)
  })

  it('refuses limits that are none', async () => {
    const folder = folderOf({})
    for (const limits of [{ connections: 0 }, { idleTime: 0.5 }, { requests: Number.NaN }]) {
      await expect(serve(folder, { limits })).rejects.toThrow(RangeError)
    }
  })
})
