import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { download, fetchText, openClient, serveSockets } from './servers.ts'

const FILE = Buffer.alloc(100_000, 'some text ')

/** Answers each connection with the next of `answers`, and closes it. */
async function serveAnswers(...answers: ((socket: Socket) => void)[]) {
  const requests: string[] = []
  const server = await serveSockets(socket => {
    const answer = answers[Math.min(requests.length, answers.length - 1)]
    socket.once('data', (bytes: Buffer) => {
      requests.push(bytes.toString('latin1'))
      answer(socket)
    })
  })
  return { ...server, texts: requests }
}

describe('a server of', () => {
  it('HTTP/1.0, which ends what it says by closing, is read to the end', async () => {
    const server = await serveAnswers(socket =>
      socket.end(Buffer.concat([Buffer.from('HTTP/1.0 200 OK\r\n\r\n'), FILE])),
    )
    const { client } = openClient()
    for (let i = 0; i < 2; i++) expect(FILE.equals((await download(client, server.at('/')))!)).toBe(true)
    expect(server.texts).toHaveLength(2)
  })

  it('HTTP/1.0 that tells the length is asked again when it breaks off, and knows no ranges', async () => {
    const head = Buffer.from(`HTTP/1.0 200 OK\r\nServer: old\r\nContent-Length: ${FILE.length}\r\n\r\n`)
    const server = await serveAnswers(
      socket => socket.end(Buffer.concat([head, FILE.subarray(0, 60_000)])),
      socket => socket.end(Buffer.concat([head, FILE])),
    )
    expect(FILE.equals((await download(openClient().client, server.at('/')))!)).toBe(true)
    expect(server.texts.map(text => /range: \S+/i.exec(text)?.[0])).toEqual([undefined, 'range: bytes=60000-'])
  })

  it('HTTP/1.0 may keep the connection', async () => {
    const answer = 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 4\r\n\r\ntext'
    const server = await serveSockets(socket => socket.on('data', () => socket.write(answer)))
    const { client } = openClient()
    for (let i = 0; i < 5; i++) expect(await fetchText(client, server.at('/'))).toBe('text')
    expect(server.sockets.length).toBeLessThanOrEqual(2)
  })

  it('HTTP/1.1 that tells no length and closes is read to the end', async () => {
    const head = 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n'
    const server = await serveAnswers(socket => socket.end(Buffer.concat([Buffer.from(head), FILE])))
    expect(FILE.equals((await download(openClient().client, server.at('/')))!)).toBe(true)
  })

  it('an IPv6 address is reached', async () => {
    const server = createServer((request, response) => response.end(request.headers.host))
    await once(server.listen(0, '::1'), 'listening')
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    const { client } = openClient()
    expect(await fetchText(client, new URL(`http://[::1]:${port}/`))).toBe(`[::1]:${port}`)
    await client.close()
  })
})
