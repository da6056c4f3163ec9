import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createHttpClient } from '../../../src/http/index.ts'
import { collect, fetchText, LIMIT, openClient, serve, serveSockets, type TestServer } from './servers.ts'

const STOP = new Error('stop')

/** Serves a body that never ends, but comes at once until nobody takes more of it. */
async function serveEndless(): Promise<TestServer & { sent: () => number }> {
  let sent = 0
  const server = await serve((_, response) => {
    const more = () => {
      sent += 100_000
      return response.destroyed || response.write(Buffer.alloc(100_000), more)
    }
    more()
  })
  return { ...server, sent: () => sent }
}

const isFree = (server: TestServer) =>
  expect.poll(() => server.sockets.every(socket => socket.destroyed), { timeout: 5000 }).toBe(true)

describe('an abort', () => {
  it('in advance is enough', async () => {
    const server = await serve((_, response) => response.end())
    const { client } = openClient()
    const signal = AbortSignal.abort(STOP)
    await expect(client.openFile(server.at('/'), { limit: LIMIT, signal })).rejects.toBe(STOP)
    await expect(client.fetchDocument(server.at('/'), { limit: LIMIT, signal })).rejects.toBe(STOP)
    expect(server.requests).toHaveLength(0)
  })

  it('while headers are awaited frees the connection', async () => {
    const controller = new AbortController()
    const server = await serve(() => controller.abort(STOP))
    const { client, pauses } = openClient()
    await expect(client.openFile(server.at('/'), { limit: LIMIT, signal: controller.signal })).rejects.toBe(STOP)
    expect(pauses).toEqual([])
    await isFree(server)
  })

  it('while more of a body is awaited frees the connection', async () => {
    const controller = new AbortController()
    const server = await serve((_, response) => response.write('first'))
    const { client, pauses } = openClient()
    const file = (await client.openFile(server.at('/'), { limit: LIMIT, signal: controller.signal }))!
    expect(String((await file.next()).value)).toBe('first')
    const next = file.next()
    controller.abort(STOP)
    await expect(next).rejects.toBe(STOP)
    expect(await file.next()).toEqual({ done: true, value: undefined })
    expect(pauses).toEqual([])
    await isFree(server)
  })

  it('while nobody reads frees the connection, and is told to the next reader', async () => {
    const controller = new AbortController()
    const server = await serveEndless()
    const { client } = openClient()
    const file = (await client.openFile(server.at('/'), { limit: LIMIT, signal: controller.signal }))!
    controller.abort(STOP)
    await isFree(server)
    await expect(collect(file)).rejects.toBe(STOP)
  })

  it('ends a pause', async () => {
    const server = await serve((_, response) => response.writeHead(503, { 'retry-after': '60' }).end())
    const client = createHttpClient()
    const controller = new AbortController()
    const document = client.fetchDocument(server.at('/'), { limit: LIMIT, signal: controller.signal })
    await expect.poll(() => server.requests.length).toBe(1)
    await setTimeout(50)
    controller.abort(STOP)
    await expect(document).rejects.toBe(STOP)
    await client.close()
  })

  it('is prompt while a connection is awaited', async () => {
    const server = await serve(() => {})
    const { client } = openClient()
    const rest = Array.from({ length: 25 }, () => client.openFile(server.at('/'), { limit: LIMIT }).catch(() => {}))
    await expect.poll(() => server.requests.length).toBe(25)
    const controller = new AbortController()
    const file = client.openFile(server.at('/'), { limit: LIMIT, signal: controller.signal })
    controller.abort(STOP)
    await expect(file).rejects.toBe(STOP)
    await client.close()
    await Promise.all(rest)
  })

  it('of one download leaves another alone, and no listener behind', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/endless') response.write('first')
      else response.end('text')
    })
    const { client } = openClient()
    const controller = new AbortController()
    const listeners = new Set<unknown>()
    const { signal } = controller
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)]
    signal.addEventListener = (name: string, listener: never) => add(name, listener, void listeners.add(listener))
    signal.removeEventListener = (name: string, listener: never) =>
      remove(name, listener, void listeners.delete(listener))
    await client.fetchDocument(server.at('/'), { limit: LIMIT, signal })
    await client.fetchDocument(server.at('/'), { limit: 1, signal }).catch(() => {})
    for await (const _ of (await client.openFile(server.at('/endless'), { limit: LIMIT, signal }))!) break
    expect(listeners.size).toBe(0)
    const other = (await client.openFile(server.at('/endless'), { limit: LIMIT }))!
    const file = (await client.openFile(server.at('/endless'), { limit: LIMIT, signal }))!
    expect(listeners.size).toBe(1)
    controller.abort(STOP)
    await expect(collect(file)).rejects.toBe(STOP)
    expect(listeners.size).toBe(0)
    expect(String((await other.next()).value)).toBe('first')
    await other.return!()
  })
})

describe('a reader', () => {
  it('that stops early frees the connection', async () => {
    const server = await serveEndless()
    const { client } = openClient()
    for await (const chunk of (await client.openFile(server.at('/'), { limit: LIMIT }))!) {
      expect(chunk.length).toBeGreaterThan(0)
      break
    }
    await isFree(server)
  })

  it('that never starts frees the connection', async () => {
    const server = await serveEndless()
    const { client } = openClient()
    const file = (await client.openFile(server.at('/'), { limit: LIMIT }))!
    expect(await file.return!()).toEqual({ done: true, value: undefined })
    expect(await file.next()).toEqual({ done: true, value: undefined })
    await isFree(server)
  })

  it('that stops while it waits is let go', async () => {
    const server = await serve((_, response) => response.write('first'))
    const { client } = openClient()
    const file = (await client.openFile(server.at('/'), { limit: LIMIT }))!
    await file.next()
    const next = file.next()
    await file.return!()
    expect(await next).toEqual({ done: true, value: undefined })
    await isFree(server)
  })

  it('that is slow is not overrun', async () => {
    const server = await serveEndless()
    const { client } = openClient()
    const file = (await client.openFile(server.at('/'), { limit: LIMIT }))!
    await file.next()
    await setTimeout(300)
    // What the system's own buffers take, which is some megabytes, against hundreds in that time.
    expect(server.sent()).toBeLessThan(30_000_000)
    await file.return!()
  })
})

describe('close', () => {
  it('ends what is going on, in whatever state it is', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/body') response.write('first')
      if (request.url === '/pause') response.writeHead(503, { 'retry-after': '60' }).end()
    })
    const client = createHttpClient()
    const file = (await client.openFile(server.at('/body'), { limit: LIMIT }))!
    await file.next()
    const unread = (await client.openFile(server.at('/body'), { limit: LIMIT }))!
    const pending = [fetchText(client, server.at('/')), fetchText(client, server.at('/pause')), file.next()]
    const outcomes = Promise.allSettled(pending)
    await expect.poll(() => server.requests.length).toBe(4)
    await setTimeout(50)
    await client.close()
    const closed = { status: 'rejected', reason: expect.objectContaining({ name: 'HttpError', code: 'HTTP_CLOSED' }) }
    expect(await outcomes).toEqual([closed, closed, closed])
    await expect(unread.next()).rejects.toMatchObject({ code: 'HTTP_CLOSED' })
    await expect(fetchText(client, server.at('/'))).rejects.toMatchObject({ code: 'HTTP_CLOSED' })
    await isFree(server)
    await client.close()
  })

  it('ends connections that are being made', async () => {
    const silent = await serveSockets(() => {})
    const client = createHttpClient()
    const url = silent.at('/')
    url.protocol = 'https:'
    const document = fetchText(client, url).catch((error: Error) => error)
    await expect.poll(() => silent.sockets.length).toBe(1)
    await client.close()
    expect(await document).toMatchObject({ code: 'HTTP_CLOSED' })
    await isFree(silent)
  })
})
