import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { collect, download, FILE, fetchText, LIMIT, openClient, sendFile, serve, serveSockets } from './servers.ts'

const HALF = FILE.length / 2
// Short, and so many attempts that it does not matter if a slow machine fails some of them for no other reason.
const IMPATIENT = { stallTimeout: 100, attempts: 50 }

describe('an HTTP client', () => {
  it('gives up a server that never answers', async () => {
    const server = await serve(() => {})
    const { client, pauses } = openClient({ stallTimeout: 20, attempts: 3 })
    const refusal = {
      code: 'HTTP_TIMEOUT',
      message: expect.stringMatching(/nothing was received for 0\.02 s, at the last of 3 attempts; check the network/),
    }
    await expect(fetchText(client, server.at('/'))).rejects.toMatchObject(refusal)
    expect(pauses).toHaveLength(2)
  })

  it('asks again for headers that do not come', async () => {
    const server = await serve((_, response) => {
      if (server.requests.length > 1) response.end('text')
    })
    const { client } = openClient(IMPATIENT)
    expect(await fetchText(client, server.at('/'))).toBe('text')
  })

  it('does not take "please wait" for an answer', async () => {
    const server = await serve((_, response) => {
      if (server.requests.length > 1) response.end('text')
      else response.writeProcessing()
    })
    const { client } = openClient(IMPATIENT)
    expect(await fetchText(client, server.at('/'))).toBe('text')
    expect(server.requests.length).toBeGreaterThan(1)
  })

  it('goes on elsewhere with a body that stands still, and leaves the connection', async () => {
    const server = await serve((request, response) => {
      if (server.requests.length > 1) sendFile(request, response)
      else response.writeHead(200, { 'content-length': FILE.length }).write(FILE.subarray(0, HALF))
    })
    const { client } = openClient(IMPATIENT)
    expect(FILE.equals((await download(client, server.at('/')))!)).toBe(true)
    expect(server.requests[1]!.headers.range).toBe(`bytes=${HALF}-`)
    await expect.poll(() => server.sockets[0]!.destroyed).toBe(true)
  })

  it('is patient with a body that comes slowly, as long as it comes', async () => {
    const server = await serve(async (_, response) => {
      for (let i = 0; i < 10; i++) {
        response.write(String(i))
        await setTimeout(60)
      }
      response.end()
    })
    const { client } = openClient({ stallTimeout: 500 })
    expect(await fetchText(client, server.at('/'))).toBe('0123456789')
    expect(server.requests).toHaveLength(1)
  })

  it('gives up a body that drips', async () => {
    const drops = new Set<NodeJS.Timeout>()
    const server = await serve((_, response) => {
      response.writeHead(200, { 'content-length': FILE.length })
      const drop = setInterval(() => response.write('x'), 20)
      drops.add(drop)
      response.on('close', () => clearInterval(drop))
    })
    const { client } = openClient({ stallTimeout: 100, attempts: 2 })
    const refusal = {
      code: 'HTTP_TIMEOUT',
      transient: true,
      message: expect.stringMatching(
        /only \d+ bytes were received in 0\.\d s, at the last of 2 attempts after byte \d+;/,
      ),
    }
    await expect(download(client, server.at('/'))).rejects.toMatchObject(refusal)
    for (const drop of drops) clearInterval(drop)
  })

  it('gives up a server that breaks off after each byte', async () => {
    const server = await serve((request, response) => {
      const first = Number(/\d+/.exec(request.headers.range ?? '')?.[0] ?? 0)
      sendFile(request, response, { until: first + 1 })
    })
    const { client } = openClient()
    await expect(download(client, server.at('/'))).rejects.toMatchObject({
      code: 'HTTP_FAILED',
      message: expect.stringContaining('at the last of 5 attempts after byte'),
    })
    expect(server.requests).toHaveLength(5)
  })

  it('goes on for as long as a slow body keeps the least rate', async () => {
    const server = await serve(async (_, response) => {
      for (let i = 0; i < 150 && !response.destroyed; i++) {
        response.write('0123456789')
        await setTimeout(20)
      }
      response.end()
    })
    const { client } = openClient({ stallTimeout: 500 })
    expect(await fetchText(client, server.at('/'))).toBe('0123456789'.repeat(150))
    expect(server.requests).toHaveLength(1)
  })

  it('is patient with its own reader', async () => {
    const server = await serve((request, response) => sendFile(request, response))
    const { client, pauses } = openClient({ stallTimeout: 150 })
    const file = (await client.openFile(server.at('/'), { limit: LIMIT }))!
    const chunks: Uint8Array[] = []
    // The first pieces are there already; for those after them the network is asked.
    for (let i = 0; i < 4; i++) {
      await setTimeout(300)
      chunks.push((await file.next()).value as Uint8Array)
    }
    await setTimeout(300)
    expect(FILE.equals(Buffer.concat([...chunks, ...(await collect(file))]))).toBe(true)
    expect(pauses).toEqual([])
  })

  it('takes what has come while it was kept from looking', async () => {
    const server = await serve((_, response) => {
      response.end('text')
      for (const until = Date.now() + 200; Date.now() < until; );
    })
    const { client, pauses } = openClient({ stallTimeout: 50 })
    expect(await fetchText(client, server.at('/'))).toBe('text')
    expect(pauses).toEqual([])
  })

  it('waits for as long as Node can where it may wait for longer', async () => {
    const server = await serve(async (_, response) => {
      await setTimeout(100)
      response.end('text')
    })
    const { client } = openClient({ stallTimeout: 2 ** 31, attempts: 1 })
    expect(await fetchText(client, server.at('/'))).toBe('text')
  })

  it('does not wait for connections for ever', async () => {
    const server = await serveSockets(() => {})
    const { client } = openClient({ stallTimeout: 50, attempts: 2 })
    const url = server.at('/')
    url.protocol = 'https:'
    const refusal = { code: 'HTTP_TIMEOUT', message: expect.stringContaining('no connection in time (') }
    await expect(fetchText(client, url)).rejects.toMatchObject(refusal)
  })

  it('does not wait for the rest of what it does not need', async () => {
    const server = await serveSockets(socket =>
      socket.on('data', () => socket.write('HTTP/1.1 404 Not Found\r\nContent-Length: 100\r\n\r\nno')),
    )
    const { client } = openClient({ stallTimeout: 100 })
    expect(await fetchText(client, server.at('/'))).toBeUndefined()
    await expect.poll(() => server.sockets[0]!.destroyed).toBe(true)
  })

  it('does not read an endless body that it does not need', async () => {
    const server = await serve((_, response) => {
      response.statusCode = 404
      const more = () => response.destroyed || response.write(Buffer.alloc(10_000), more)
      more()
    })
    const { client } = openClient()
    expect(await fetchText(client, server.at('/'))).toBeUndefined()
    await expect.poll(() => server.sockets[0]!.destroyed).toBe(true)
  })
})
