import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { collect, FILE, LIMIT, openClient, sendFile, serve } from './servers.ts'

/** Much more than a client takes before its reader wants it, sockets and all. */
const LARGE = Buffer.alloc(48 << 20, FILE)

/** Has a file half read from a server, which then fails another request. */
async function readSome(send: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = await serve((request, response) => {
    if (request.url === '/busy') response.writeHead(503).end()
    else send(request, response)
  })
  const { client } = openClient()
  const file = (await client.openFile(server.at('/file'), { limit: LIMIT }))!
  const chunks: Uint8Array[] = []
  const read = async () => {
    const { value } = await file.next()
    if (value) chunks.push(value)
  }
  await read()
  const fail = () =>
    expect(client.fetchDocument(server.at('/busy'), { limit: LIMIT, insist: false })).rejects.toThrow('503')
  return {
    client,
    read,
    fail,
    /** Range headers of the requests for the file. */
    ranges: () => server.requests.flatMap(({ url, headers }) => (url === '/file' ? [headers.range] : [])),
    position: () => chunks.reduce((sum, { length }) => sum + length, 0),
    sockets: server.sockets,
    /** All bytes, those that were read before included. */
    finish: async () => Buffer.concat([...chunks, ...(await collect(file))]),
  }
}

describe('a connection that is held where the server refuses others', () => {
  it('is given up when it is asked for, and the file goes on where it was', async () => {
    const file = await readSome((request, response) => sendFile(request, response, { file: LARGE }))
    await file.fail()
    file.client.release()
    const range = `bytes=${file.position()}-`
    expect((await file.finish()).equals(LARGE)).toBe(true)
    expect(file.ranges()).toEqual([undefined, range])
  })

  it('is given up by itself when nobody reads', async () => {
    const file = await readSome((request, response) => sendFile(request, response, { file: LARGE }))
    await file.fail()
    while (file.sockets.some(socket => !socket.destroyed && socket.bytesWritten > 1e6)) await setTimeout(10)
    expect((await file.finish()).equals(LARGE)).toBe(true)
    expect(file.ranges()).toHaveLength(2)
  })

  it('is kept once bytes have come again, whatever failed before', async () => {
    const file = await readSome((request, response) => sendFile(request, response, { file: LARGE }))
    await file.fail()
    await file.read()
    file.client.release()
    expect((await file.finish()).equals(LARGE)).toBe(true)
    expect(file.ranges()).toHaveLength(1)
  })

  it('is kept if all has come already, read or not', async () => {
    const small = FILE.subarray(0, 10_000)
    const file = await readSome((request, response) => sendFile(request, response, { file: small }))
    await file.fail()
    file.client.release()
    expect((await file.finish()).equals(small)).toBe(true)
    expect(file.ranges()).toHaveLength(1)
  })

  it('is given up behind the last byte, and nothing more is asked for', async () => {
    // As much as is read from a socket at a time, and as may wait for a reader: its end is seen when it was read.
    const whole = FILE.subarray(0, 65_536)
    const file = await readSome((_, response) => {
      response.writeHead(200, { 'content-length': whole.length }).flushHeaders()
      void setTimeout(50).then(() => response.end(whole))
    })
    while (file.position() < whole.length) await file.read()
    await file.fail()
    file.client.release()
    expect((await file.finish()).equals(whole)).toBe(true)
    expect(file.ranges()).toHaveLength(1)
  })

  it('is given up a few times only if the server has no ranges', async () => {
    const file = await readSome((request, response) => sendFile(request, response, { file: LARGE, whole: true }))
    for (let i = 0; i < 8; i++) {
      await file.fail()
      file.client.release()
      await file.read()
    }
    expect((await file.finish()).equals(LARGE)).toBe(true)
    expect(file.ranges()).toHaveLength(4)
  })

  it('is kept if the file is of unknown length', async () => {
    const file = await readSome((_, response) => void response.writeHead(200).end(LARGE))
    await file.fail()
    file.client.release()
    expect((await file.finish()).equals(LARGE)).toBe(true)
    expect(file.ranges()).toHaveLength(1)
  })
})
