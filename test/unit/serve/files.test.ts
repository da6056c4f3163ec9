import { execFile, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { needs } from '../../programs.ts'
import { temporaryFolder } from '../../temporary.ts'
import { ask, folderOf, serve } from './folders.ts'

const CONTENTS = randomBytes(300_000)

describe('files', () => {
  it('come as they are, with a type and never an encoding', async () => {
    const types = {
      'web.tar': 'application/x-tar',
      'web.tar.xz': 'application/x-xz',
      'web.tar.gz': 'application/gzip',
      'web.tar.bz2': 'application/x-bzip2',
      'web.tar.zst': 'application/zstd',
      'web.nspawn': 'text/plain; charset=utf-8',
      'web.manifest.json': 'application/json; charset=utf-8',
      SHA256SUMS: 'text/plain; charset=utf-8',
      'SHA256SUMS.asc': 'application/pgp-signature',
      'SHA256SUMS.gpg': 'application/pgp-signature',
      'ä & "b" #1?%41': 'application/octet-stream',
    }
    const { url } = await serve(folderOf(Object.fromEntries(Object.keys(types).map(name => [name, CONTENTS]))))
    for (const [name, type] of Object.entries(types)) {
      const response = await fetch(`${url}/${encodeURIComponent(name)}`, { headers: { 'accept-encoding': 'gzip, br' } })
      expect(response.status).toBe(200)
      expect(response.headers.get('content-type')).toBe(type)
      expect(response.headers.get('content-encoding')).toBeNull()
      expect(response.headers.get('content-length')).toBe(`${CONTENTS.length}`)
      expect(CONTENTS.equals(await response.bytes())).toBe(true)
    }
  })

  it('come in parts', async () => {
    const { url } = await serve(folderOf({ 'web.tar.xz': CONTENTS }))
    const edge = fc.nat(CONTENTS.length - 1)
    await fc.assert(
      fc.asyncProperty(edge, edge, async (a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)]
        const response = await fetch(`${url}/web.tar.xz`, { headers: { range: `bytes=${from}-${to}` } })
        expect(response.status).toBe(206)
        expect(response.headers.get('content-range')).toBe(`bytes ${from}-${to}/${CONTENTS.length}`)
        expect(CONTENTS.subarray(from, to + 1).equals(await response.bytes())).toBe(true)
      }),
      { numRuns: 20 },
    )
    const behind = await fetch(`${url}/web.tar.xz`, { headers: { range: `bytes=${CONTENTS.length}-` } })
    expect(behind.status).toBe(416)
    expect(behind.headers.get('content-range')).toBe(`bytes */${CONTENTS.length}`)
  })

  it('come once, and again when they have changed', async () => {
    const folder = folderOf({ 'web.tar.xz': CONTENTS })
    const { url } = await serve(folder)
    const { headers } = await fetch(`${url}/web.tar.xz`, { method: 'HEAD' })
    const [etag, date] = [headers.get('etag')!, headers.get('last-modified')!]
    // Without cache-control fetch would add a no-cache.
    const get = (headers: Record<string, string>) =>
      fetch(`${url}/web.tar.xz`, { headers: { ...headers, 'cache-control': 'max-age=0' } })
    const part = { range: 'bytes=0-9', 'if-range': etag }
    expect((await get({ 'if-none-match': etag })).status).toBe(304)
    expect((await get({ 'if-modified-since': date })).status).toBe(304)
    expect((await get({ 'if-match': 'W/"another"' })).status).toBe(412)
    expect((await get(part)).status).toBe(206)
    writeFileSync(join(folder, 'web.tar.xz'), 'something new')
    for (const headers of [{ 'if-none-match': etag }, part]) {
      const changed = await get(headers)
      expect([changed.status, await changed.text()]).toEqual([200, 'something new'])
    }
  })

  it('have any name that does not begin with a dot', async () => {
    const folder = folderOf({})
    const { url } = await serve(folder)
    const names = fc
      .string({ minLength: 1, maxLength: 40, unit: 'binary' })
      .filter(name => !/^\.|[/\0]/.test(name) && Buffer.byteLength(name) < 256)
    await fc.assert(
      fc.asyncProperty(names, async name => {
        writeFileSync(join(folder, name), name)
        expect(await (await fetch(`${url}/${encodeURIComponent(name)}`)).text()).toBe(name)
        const [, path] = /<a href="(.*?)">/.exec(await (await fetch(url)).text())!
        expect(await (await fetch(new URL(unescapeHtml(path), `${url}/`))).text()).toBe(name)
        rmSync(join(folder, name))
      }),
      { examples: [['a?b#c%d'], ['a\\b'], ['%2e%2e'], ['a:b'], ['<a href="x">\'&']] },
    )
  })

  it('are only described to HEAD', async () => {
    const { url } = await serve(folderOf({ 'web.tar.xz': CONTENTS }))
    const response = await fetch(`${url}/web.tar.xz`, { method: 'HEAD' })
    expect(response.headers.get('content-length')).toBe(`${CONTENTS.length}`)
    expect(await response.text()).toBe('')
  })

  it('are found through symlinks that stay in the folder', async () => {
    const folder = folderOf({
      '2026-11-25/web.tar.xz': 'image',
      '.kept/db.tar.xz': 'database',
      latest: { link: '2026-11-25' },
      'web.tar.xz': { link: 'latest/web.tar.xz' },
      'db.tar.xz': { link: '.kept/db.tar.xz' },
    })
    const outside = folderOf({ way: { link: folder } })
    for (const root of [folder, join(outside, 'way')]) {
      const { url } = await serve(root)
      for (const path of [
        '/web.tar.xz',
        '/latest/web.tar.xz',
        '//latest//web.tar.xz',
        '/web.tar.xz?a=/../b',
        'http://localhost/web.tar.xz',
      ]) {
        expect(await ask(url, path)).toEqual({ status: 200, body: 'image' })
      }
      expect(await ask(url, '/db.tar.xz')).toEqual({ status: 200, body: 'database' })
    }
  })

  it.skipIf(!existsSync('/proc/self/mem'))('that cannot be read are an error', async () => {
    const { url } = await serve('/proc/self')
    const response = await fetch(`${url}/mem`)
    expect([response.status, await response.text()]).toEqual([500, 'Internal Server Error\n'])
    expect(response.headers.get('etag')).toBeNull()
  })
})

describe('what is not to be served', () => {
  const inside = { 'web.tar.xz': 'image', '.staging/web.tar.xz': 'half', 'a/.b/c': 'c', 'a/.hidden': 'hidden' }

  it.each([
    ...['/missing', '/web.tar.xz/', '/web.tar.xz/x', '/.staging/web.tar.xz', '/%2estaging/web.tar.xz', '/a/.b/c'],
    ...['/a/.hidden', '/./web.tar.xz', '/a/../web.tar.xz', '/a/%2e%2e/web.tar.xz', '/out', '/out/secret', '/file'],
    ...['/up/secret', '/loop', '/dangling', '/pipe', '/%00', '/web.tar.xz%00', '/%', '/%ff', '/a%2f.hidden', '*'],
    ...[`/${'x'.repeat(300)}`, 'http://127.0.0.1/secret', 'http://127.0.0.1'],
  ])('is not found: %s', async path => {
    const secret = folderOf({ secret: 'secret' })
    const folder = folderOf({
      ...inside,
      out: { link: secret },
      file: { link: join(secret, 'secret') },
      loop: { link: 'loop' },
      dangling: { link: 'missing' },
    })
    execFileSync('mkfifo', [join(folder, 'pipe')])
    const { url } = await serve(folder)
    expect(await ask(url, path)).toEqual({ status: 404, body: 'Not Found\n' })
  })

  it('is not found, however a way out is written', async () => {
    // One whose name begins like that of the folder, which a comparison of texts would let in.
    const parent = folderOf({ 'images/web.tar.xz': 'image', 'images-secret/secret': 'secret', secret: 'secret' })
    const { url } = await serve(join(parent, 'images'))
    const step = fc.constantFrom('..', '.', '%2e%2e', '.%2E', '..%2f', '%2e%2e%2f', '..%5c', '..\\', '', 'images')
    const end = fc.constantFrom('secret', 'images-secret/secret', 'images-secret%2fsecret')
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 5 }), end, async (steps, last) => {
        expect(await ask(url, `/${[...steps, last].join('/')}`)).toMatchObject({ status: 404 })
      }),
    )
  })

  it('is not had by exchanging files for links and pipes while they are asked for', async () => {
    const secret = folderOf({ file: 'secret' })
    const folder = folderOf({ 'a/file': 'public' })
    const exchange = `
      const { mkdirSync, renameSync, symlinkSync, writeFileSync } = require('node:fs')
      process.chdir(process.argv[1])
      mkdirSync('spare')
      writeFileSync('spare/file', 'public')
      for (;;) {
        writeFileSync('new', 'public')
        renameSync('new', 'a/file')
        symlinkSync(process.argv[2] + '/file', 'new')
        renameSync('new', 'a/file')
        require('node:child_process').spawnSync('mkfifo', ['new'])
        renameSync('new', 'a/file')
        renameSync('a', 'kept')
        symlinkSync(process.argv[2], 'a')
        renameSync('a', 'gone')
        renameSync('kept', 'a')
      }`
    // A group of its own, that ends with its mkfifo: that would make a file in a folder that is being removed.
    const exchanger = spawn(process.execPath, ['-e', exchange, folder, secret], { detached: true })
    onTestFinished(async () => {
      process.kill(-exchanger.pid!)
      await once(exchanger, 'exit')
    })
    const { url } = await serve(folder)
    const answers = new Set<string>()
    for (let n = 0; n < 500 || answers.size < 2; n++) {
      const headers = n % 2 === 0 ? { range: 'bytes=0-1,4-5' } : undefined
      answers.add(await (await fetch(`${url}/a/file`, { headers })).text().catch(() => 'broken off'))
    }
    expect([...answers].filter(answer => /se|cr|et/.test(answer))).toEqual([])
  })

  it('is what other methods ask for', async () => {
    const { url } = await serve(folderOf(inside))
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      const response = await fetch(`${url}/web.tar.xz`, { method })
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    }
  })
})

describe('folders', () => {
  it('are listed with names and sizes, in the order of the bytes', async () => {
    const hostile = `<script>"&'`
    const { url } = await serve(
      folderOf({
        ...{
          b: '12',
          a: '1',
          '.hidden': '',
          [hostile]: 'x',
          '\u{1f600}': '',
          '\uffee': '',
          'é #?%2f': '',
          'out/f': '',
        },
        ...{ secret: { link: '/etc/passwd' }, latest: { link: 'out' }, 'javascript:alert(1)': '' },
      }),
    )
    const response = await fetch(url)
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    const html = await response.text()
    const cells = /<td><a href="(.*?)">(.*?)<\/a><\/td><td align="right">(\d*)<\/td>/g
    const rows = [...html.matchAll(cells)].map(row => row.slice(1))
    const names = [hostile, 'a', 'b', 'javascript:alert(1)', 'latest/', 'out/', 'é #?%2f', '\uffee', '\u{1f600}']
    expect(rows.map(row => unescapeHtml(row[1]))).toEqual(names)
    expect(rows.map(row => row[2])).toEqual(['1', '1', '2', '0', '', '', '0', '0', '0'])
    expect(html).not.toContain('<script')
    for (const [path] of rows) expect((await fetch(new URL(unescapeHtml(path), `${url}/`))).status).toBe(200)
  })

  it('are listed below others', async () => {
    const { url } = await serve(folderOf({ 'ä <b>/c d/file': 'x' }))
    const below = await fetch(`${url}/${encodeURIComponent('ä <b>')}/`)
    const [, path] = /<a href="(.*?)">c d\/<\/a>/.exec(await below.text())!
    const deeper = await (await fetch(new URL(path, below.url))).text()
    expect(deeper).toContain('<title>/ä &#60;b&#62;/c d/</title>')
    expect(deeper).toMatch(/<a href=".*">file<\/a>/)
  })

  it('have one address, which is in this server', async () => {
    const { url } = await serve(folderOf({ 'a b/example.org/file': 'x' }))
    for (const [path, location] of Object.entries({
      '/a%20b': '/a%20b/',
      '/a%20b?x=1': '/a%20b/',
      '//a%20b//example.org': '/a%20b/example.org/',
      '//': '/',
    })) {
      const { hostname, port } = new URL(url)
      const [response] = await once(get({ hostname, port, path, agent: false }), 'response')
      response.resume()
      expect([response.statusCode, response.headers.location]).toEqual([301, location])
    }
  })
})

const curl = needs('curl')

describe.skipIf(curl.skip)(`curl${curl.because}`, () => {
  const run = promisify(execFile)
  const fetchWith = async (...args: string[]) =>
    (await run('curl', ['--silent', '--noproxy', '*', ...args], { encoding: 'buffer' })).stdout

  it('continues a download', async () => {
    const folder = folderOf({ 'web.tar.xz': CONTENTS })
    const { url } = await serve(folder)
    const file = join(temporaryFolder(), 'image')
    writeFileSync(file, await fetchWith('--range', '0-99999', `${url}/web.tar.xz`))
    expect(readFileSync(file).length).toBe(100_000)
    await fetchWith('--continue-at', '-', '--output', file, `${url}/web.tar.xz`)
    expect(readFileSync(file).equals(CONTENTS)).toBe(true)
  })

  it('gets nothing from outside', async () => {
    const folder = folderOf({ 'images/web.tar.xz': 'image', secret: 'secret' })
    const { url } = await serve(join(folder, 'images'))
    for (const path of ['/../secret', '/%2e%2e/secret', '/..%2fsecret', '/x/../../secret', '//../secret']) {
      const answer = await fetchWith('--path-as-is', '--write-out', '%{http_code}', url + path)
      expect(answer.toString()).toBe('Not Found\n404')
    }
  })
})

function unescapeHtml(text: string): string {
  return text.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
}
