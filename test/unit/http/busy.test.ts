import { describe, expect, it, onTestFinished } from 'vitest'
import { createHttpClient } from '../../../src/http/index.ts'
import { createThrottle, roomAt } from '../../../src/throttle/index.ts'
import { download, fetchText, LIMIT, openClient, serve, serveSockets } from './servers.ts'

const MINUTE = 60_000

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0)
}

describe('a busy server', () => {
  it.each([418, 420, 429, 430, 503, 509, 529])('is asked again, however often it answers %i', async status => {
    const server = await serve((_, response) => {
      if (server.requests.length < 20) response.writeHead(status).end('not now')
      else response.end('now')
    })
    const { client, pauses } = openClient()
    expect(await fetchText(client, server.at('/'))).toBe('now')
    expect(sum(pauses)).toBeLessThan(3 * MINUTE)
  })

  it('is given up after three minutes without a success', async () => {
    const server = await serve((_, response) => response.writeHead(429).end())
    const { client, pauses } = openClient()
    await expect(download(client, server.at('/'))).rejects.toMatchObject({
      code: 'HTTP_STATUS',
      status: 429,
      transient: true,
      message: expect.stringMatching(
        /: 127\.0\.0\.1:\d+ answers 429 Too Many Requests, and nothing else for 3 minutes \(\d+ attempts\); try again later$/,
      ),
    })
    expect(sum(pauses)).toBeGreaterThan(2.8 * MINUTE)
    expect(sum(pauses)).toBeLessThan(3.2 * MINUTE)
    expect(server.requests.length).toBeLessThan(80)
    // The others need not find that out for themselves.
    const before = server.requests.length
    await expect(download(client, server.at('/other'))).rejects.toMatchObject({ status: 429 })
    expect(server.requests.length).toBeLessThanOrEqual(before + 1)
  })

  it('is not given up while it answers others', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/other') response.end('here')
      else response.writeHead(sum(pauses) < 4 * MINUTE ? 503 : 200).end('at last')
    })
    const { client, pauses } = openClient()
    let isOver = false
    const refused = fetchText(client, server.at('/')).finally(() => {
      isOver = true
    })
    while (!isOver) await fetchText(client, server.at('/other'))
    expect(await refused).toBe('at last')
  })

  it('is asked five times where there is another place', async () => {
    const server = await serve((_, response) => response.writeHead(503).end())
    const { client, pauses } = openClient()
    const options = { limit: LIMIT, insist: false }
    await expect(client.openFile(server.at('/'), options)).rejects.toMatchObject({ status: 503, transient: true })
    expect(server.requests).toHaveLength(5)
    expect(sum(pauses)).toBeLessThan(10_000)
  })

  it('is asked less by those who have another place, until something succeeds', async () => {
    let isBusy = true
    const server = await serve((_, response) => response.writeHead(isBusy ? 503 : 200).end('text'))
    const { client } = openClient()
    const ask = (insist: boolean) => client.fetchDocument(server.at('/'), { limit: LIMIT, insist })
    const refused = await Promise.allSettled(Array.from({ length: 100 }, () => ask(false)))
    expect(refused.every(({ status }) => status === 'rejected')).toBe(true)
    const before = server.requests.length
    expect(before).toBeLessThan(100)
    await expect(ask(false)).rejects.toMatchObject({ status: 503 })
    expect(server.requests.length).toBeLessThanOrEqual(before + 1)
    isBusy = false
    expect(String(await ask(true))).toBe('text')
    expect(String(await ask(false))).toBe('text')
  })

  it.each<[string, string | (() => string), number, number]>([
    ['7 seconds', '7', 6000, 7100],
    ['a date', () => new Date(Date.now() + 30_000).toUTCString(), 25_000, 30_100],
    ['an hour, but no longer than two minutes', '3600', 110_000, 121_000],
    ['a date in the past', new Date(0).toUTCString(), 0, 100],
    ['no time at all', 'soon', 0, 100],
  ])('is left alone by everybody for as long as it asks: %s', async (_, value, least, most) => {
    let isBusy = true
    const server = await serve((_, response) => {
      if (isBusy) response.writeHead(429, { 'retry-after': typeof value === 'string' ? value : value() }).end()
      else response.end('text')
    })
    const { client, pauses } = openClient({}, async () => {
      isBusy = false
    })
    expect(await fetchText(client, server.at('/one'))).toBe('text')
    expect(await fetchText(client, server.at('/two'))).toBe('text')
    expect(sum(pauses)).toBeGreaterThanOrEqual(least)
    expect(sum(pauses)).toBeLessThanOrEqual(most)
  })

  it('may say so by 403 with Retry-After, which is no missing file', async () => {
    const server = await serve((_, response) => {
      if (server.requests.length === 1) response.writeHead(403, { 'retry-after': '1' }).end()
      else response.writeHead(server.requests.length === 2 ? 200 : 403).end('text')
    })
    const { client } = openClient()
    expect(await fetchText(client, server.at('/'))).toBe('text')
    expect(await fetchText(client, server.at('/'))).toBeUndefined()
  })

  it('is given up with its wish for a longer pause', async () => {
    const server = await serve((_, response) => response.writeHead(503, { 'retry-after': '3600' }).end())
    const { client } = openClient()
    const message = expect.stringContaining('503 Service Unavailable and asks to be left alone for 3600 s, and nothing')
    await expect(download(client, server.at('/'))).rejects.toMatchObject({ message })
  })

  it.each(['refuses connections', 'resets them'])('has half a minute if it never answered and %s', async how => {
    const server = await serveSockets(socket => socket.resetAndDestroy())
    if (how !== 'resets them') await server.stop()
    const { client, pauses } = openClient()
    await expect(download(client, server.at('/'))).rejects.toMatchObject({ code: 'HTTP_FAILED', transient: true })
    expect(sum(pauses)).toBeGreaterThan(24_000)
    expect(sum(pauses)).toBeLessThan(36_000)
  })

  it('has three minutes if it answered before, and then resets connections', async () => {
    const server = await serve((request, response) => {
      if (server.requests.length === 1) response.end('text')
      else request.socket.resetAndDestroy()
    })
    const { client, pauses } = openClient()
    expect(await fetchText(client, server.at('/'))).toBe('text')
    await expect(download(client, server.at('/'))).rejects.toMatchObject({ code: 'HTTP_FAILED' })
    expect(sum(pauses)).toBeGreaterThan(2.8 * MINUTE)
    expect(sum(pauses)).toBeLessThan(3.2 * MINUTE)
  })

  it('that cuts off every body is given up after five attempts', async () => {
    const server = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('', () => response.flushHeaders())
      setImmediate(() => response.destroy())
    })
    const { client } = openClient()
    await expect(download(client, server.at('/'))).rejects.toMatchObject({ code: 'HTTP_FAILED' })
    expect(server.requests).toHaveLength(5)
  })

  it('has half as many requests at a time after its first refusal', async () => {
    let [now, most, refused] = [0, 0, false]
    const server = await serve((_, response) => {
      now++
      most = Math.max(most, now)
      setTimeout(() => {
        now--
        const refuse = !refused && server.requests.length >= 25
        if (refuse) {
          refused = true
          most = 0
        }
        response.writeHead(refuse ? 503 : 200).end('text')
      }, 20)
    })
    const throttle = createThrottle()
    const client = createHttpClient({ throttle })
    onTestFinished(() => client.close())
    const all = Array.from({ length: 60 }, (_, i) => fetchText(client, server.at(`/${i}`)))
    expect(new Set(await Promise.all(all))).toEqual(new Set(['text']))
    expect(refused).toBe(true)
    // 25 were on their way, and their answers make the window grow a little.
    expect(most).toBeLessThanOrEqual(25)
    expect(roomAt(throttle, server.at('/').origin)).toBeGreaterThanOrEqual(11)
    expect(roomAt(throttle, server.at('/').origin)).toBeLessThan(25)
  })

  it('is left by those who do not want to wait any more', async () => {
    const server = await serve((_, response) => response.writeHead(503, { 'retry-after': '60' }).end())
    const { client } = openClient(
      {},
      (_, signal) => new Promise((_, reject) => signal.addEventListener('abort', reject)),
    )
    const controller = new AbortController()
    const one = client.fetchDocument(server.at('/one'), { limit: LIMIT, signal: controller.signal })
    const two = client.fetchDocument(server.at('/two'), { limit: LIMIT })
    const ends = Promise.allSettled([one, two])
    while (server.requests.length === 0) await new Promise(setImmediate)
    controller.abort(new Error('enough'))
    await expect(one).rejects.toThrow('enough')
    await client.close()
    await expect(two).rejects.toMatchObject({ code: 'HTTP_CLOSED' })
    await ends
  })

  it('is the same to all clients that share a throttle', async () => {
    const throttle = createThrottle()
    const server = await serve((_, response) => {
      if (server.requests.length === 1) response.writeHead(429, { 'retry-after': '5' }).end()
      else response.end('text')
    })
    const [one, two] = [openClient({ throttle }), openClient({ throttle })]
    await fetchText(one.client, server.at('/'))
    expect(roomAt(throttle, server.at('/').origin)).toBeLessThan(3)
    expect(await fetchText(two.client, server.at('/'))).toBe('text')
    expect(sum(two.pauses)).toBeGreaterThan(4000)
  })
})
