import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, vi } from 'vitest'
import { needs } from '../../programs.ts'
import { temporaryFolder } from '../../temporary.ts'
import { folderOf, serve } from './folders.ts'

const CONTENTS = randomBytes(300_000)
const run = promisify(execFile)

/** The parts of an answer: what each says of itself, and its bytes. */
function partsOf(type: string | null, body: Uint8Array): { range: string; bytes: Buffer }[] {
  const boundary = /^multipart\/byteranges; boundary=(\w+)$/.exec(type ?? '')?.[1]
  if (boundary === undefined) throw new Error(`no parts: ${type}`)
  const [preamble, ...parts] = Buffer.from(body).toString('latin1').split(`\r\n--${boundary}`)
  expect([preamble, parts.pop()]).toEqual(['', '--\r\n'])
  return parts.map(part => {
    const [, range = '', bytes = ''] = /^\r\nContent-Range: bytes (.*)\r\n\r\n([\s\S]*)$/.exec(part) ?? []
    return { range, bytes: Buffer.from(bytes, 'latin1') }
  })
}

describe('several ranges', () => {
  it('come in one answer', async () => {
    const { url } = await serve(folderOf({ 'web.tar.xz': CONTENTS }))
    const range = 'bytes=0-9,100-199,150-200000,-1'
    const response = await fetch(`${url}/web.tar.xz`, { headers: { range } })
    const body = await response.bytes()
    const { headers } = response
    expect([response.status, headers.get('content-range'), headers.get('accept-ranges')]).toEqual([206, null, 'bytes'])
    expect(headers.get('content-length')).toBe(`${body.length}`)
    const size = CONTENTS.length
    expect(partsOf(headers.get('content-type'), body)).toEqual([
      { range: `0-9/${size}`, bytes: CONTENTS.subarray(0, 10) },
      { range: `100-200000/${size}`, bytes: CONTENTS.subarray(100, 200_001) },
      { range: `${size - 1}-${size - 1}/${size}`, bytes: CONTENTS.subarray(-1) },
    ])
  })

  it('come as one where they are one', async () => {
    const { url } = await serve(folderOf({ 'web.tar.xz': CONTENTS }))
    const range = `bytes=${'10-19,'.repeat(100)}5-12`
    const response = await fetch(`${url}/web.tar.xz`, { headers: { range } })
    expect([response.status, response.headers.get('content-range')]).toEqual([206, `bytes 5-19/${CONTENTS.length}`])
    expect(CONTENTS.subarray(5, 20).equals(await response.bytes())).toBe(true)
    const behind = await fetch(`${url}/web.tar.xz`, { headers: { range: 'bytes=300000-,300001-' } })
    expect([behind.status, behind.headers.get('content-range')]).toEqual([416, `bytes */${CONTENTS.length}`])
  })

  it('are the whole file where they are too many, or malformed', async () => {
    const { url } = await serve(folderOf({ 'web.tar.xz': CONTENTS }))
    const many = Array.from({ length: 201 }, (_, i) => `${i * 100}-${i * 100}`).join(',')
    for (const range of [many, '0-9,x', '20-10,1-2']) {
      const response = await fetch(`${url}/web.tar.xz`, { headers: { range: `bytes=${range}` } })
      expect(response.status).toBe(200)
      expect(CONTENTS.equals(await response.bytes())).toBe(true)
    }
  })

  it('come only of the file that the client has begun with', async () => {
    const folder = folderOf({ 'web.tar.xz': CONTENTS })
    utimesSync(join(folder, 'web.tar.xz'), 1.0625e9, 1.0625e9)
    const { url } = await serve(folder)
    const { headers } = await fetch(`${url}/web.tar.xz`, { method: 'HEAD' })
    const [etag, date] = [headers.get('etag')!, headers.get('last-modified')!]
    const statusWith = async (more: Record<string, string>, method = 'GET') => {
      const range = 'bytes=0-9,100-199'
      const response = await fetch(`${url}/web.tar.xz`, {
        ...{ method, headers: { range, 'cache-control': 'max-age=0', ...more } },
      })
      await response.bytes()
      return response.status
    }
    expect(await statusWith({ 'if-range': etag })).toBe(206)
    expect(await statusWith({ 'if-range': date })).toBe(206)
    expect(await statusWith({ 'if-none-match': etag })).toBe(304)
    expect(await statusWith({ 'if-match': 'W/"another"' })).toBe(412)
    expect(await statusWith({}, 'HEAD')).toBe(200)
    writeFileSync(join(folder, 'web.tar.xz'), CONTENTS.subarray(1))
    expect(await statusWith({ 'if-range': etag })).toBe(200)
    expect(await statusWith({ 'if-range': date })).toBe(200)
  })

  it.skipIf(!existsSync('/proc/self/fd'))('leave nothing open when the client goes away', async () => {
    const folder = folderOf({ 'web.tar.xz': Buffer.alloc(50_000_000) })
    const lines: string[] = []
    const { url } = await serve(folder, { onRequest: line => lines.push(line) })
    const { hostname, port } = new URL(url)
    const socket = connect({ host: hostname, port: Number(port) })
    socket.write('GET /web.tar.xz HTTP/1.1\r\nHost: x\r\nRange: bytes=0-20000000,30000000-\r\n\r\n')
    await once(socket, 'data')
    socket.destroy()
    await vi.waitFor(() => expect(lines).toEqual(['GET /web.tar.xz 206, broken off']), { timeout: 60_000 })
    const isOpen = () =>
      readdirSync('/proc/self/fd').some(fd => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`) === join(folder, 'web.tar.xz')
        } catch {
          return false
        }
      })
    await vi.waitFor(() => expect(isOpen()).toBe(false), { timeout: 60_000 })
  })
})

const zsync = needs('zsync', 'zsyncmake', 'curl')

describe.skipIf(zsync.skip)(`clients${zsync.because}`, () => {
  it('curl', async () => {
    const { url } = await serve(folderOf({ 'web.tar.xz': CONTENTS }))
    const args = ['--silent', '--noproxy', '*', '--range', '0-9,100-199', '--dump-header', '-', `${url}/web.tar.xz`]
    const { stdout } = await run('curl', args, { encoding: 'buffer' })
    const text = stdout.toString('latin1')
    const type = /^content-type: (.*)\r$/im.exec(text)?.[1] ?? null
    const parts = partsOf(type, stdout.subarray(text.indexOf('\r\n\r\n') + 4))
    expect(parts.map(({ bytes }) => bytes)).toEqual([CONTENTS.subarray(0, 10), CONTENTS.subarray(100, 200)])
  })

  it('zsync, which fetches what has changed', async () => {
    const folder = temporaryFolder()
    const contents = randomBytes(4_000_000)
    writeFileSync(join(folder, 'old'), contents)
    for (let at = 100_000; at < contents.length; at += 300_000) randomBytes(5000).copy(contents, at)
    writeFileSync(join(folder, 'web.tar.xz'), contents)
    const requests: string[] = []
    const { url } = await serve(folder, { onRequest: line => requests.push(line) })
    await run('zsyncmake', ['-e', '-u', `${url}/web.tar.xz`, '-o', 'web.zsync', 'web.tar.xz'], { cwd: folder })
    const work = temporaryFolder()
    const args = ['-q', '-i', join(folder, 'old'), '-o', 'new', `${url}/web.zsync`]
    // In an empty environment it finds no proxy.
    await run('zsync', args, { cwd: work, env: { PATH: process.env.PATH } })
    const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
    expect(digest(readFileSync(join(work, 'new')))).toBe(digest(contents))
    expect(statSync(join(work, 'new')).size).toBe(contents.length)
    // Several ranges at a time: there are 13 changes.
    expect(requests).toEqual(['GET /web.zsync 200', 'GET /web.tar.xz 206'])
  })
})
