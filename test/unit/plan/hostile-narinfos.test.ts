import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { beforeEach, describe, expect, it } from 'vitest'
import { parseStorePath } from '../../../src/nix/index.ts'
import {
  type Answer,
  createBinaryCache,
  hashOf,
  narUrl,
  type PackedOptions,
  publicKeyOf,
  reset,
  secretKey,
  sendBytes,
  sendEndless,
  sendStatus,
  serveCache,
  TEST_KEY,
} from '../../binary-cache.ts'
import { storePathOf } from '../../chroot-store.ts'
import { createHostileCache, flip, type HostileCache, NAR, PATH } from '../produce/hostile-support.ts'

let { folder, cache, server, failureOf, expectFailure, bendNarInfo } = {} as HostileCache
beforeEach(async () => {
  ;({ folder, cache, server, failureOf, expectFailure, bendNarInfo } = await createHostileCache())
})

const narInfoUrl = (path = PATH) => `${server.url}${parseStorePath(path).digest}.narinfo`

describe('what a cache says of a store path is refused', () => {
  it.each<[string, PackedOptions, RegExp]>([
    ['a wrong signature', { forge: info => ({ ...info, narSize: info.narSize + 8 }) }, /signature by cache.test-1 is/],
    ['a forged NAR hash', { forge: info => ({ ...info, narHash: hashOf(new Uint8Array(1)) }) }, /is wrong/],
    ['forged references', { forge: info => ({ ...info, references: [parseStorePath(PATH)] }) }, /is wrong/],
    ['no signature', { key: null }, /it is not signed/],
    ['a signature that is none', { forge: info => ({ ...info, signatures: ['cache.test-1:x', ':', ''] }) }, /is wrong/],
    [
      'a signature of somebody else',
      { key: secretKey('other-1', 7) },
      /signed by other-1, and trusted is cache.test-1/,
    ],
    ['a signature of somebody else by the same name', { key: secretKey('cache.test-1', 8) }, /is wrong/],
  ])('with %s', async (_, options, message) => {
    cache.addNar(PATH, NAR, options)
    const error = await expectFailure('PATH_UNTRUSTED', server.url)
    expect(error.message).toMatch(message)
    expect(server.requests.map(({ path }) => path)).not.toContain(narUrl(PATH))
  })

  it('with the signature of another path', async () => {
    const { signatures } = cache.addNar(storePathOf('b'), NAR)
    cache.addNar(PATH, NAR, { forge: info => ({ ...info, signatures }) })
    await expectFailure('PATH_UNTRUSTED', server.url)
  })

  it('with no key to trust', async () => {
    cache.addNar(PATH, NAR)
    const trusting = (keys: string[]) => ({ source: { ...server.source, trustedPublicKeys: keys } })
    await expectFailure('PATH_UNTRUSTED', server.url, trusting([]))
    await expectFailure('PATH_UNTRUSTED', server.url, trusting([publicKeyOf(secretKey('cache.test-1', 8))]))
    await expectFailure('PATH_UNTRUSTED', server.url, { source: { caches: [server.url] } })
  })

  it('that is another path, of the same digest or not', async () => {
    const claim = (path: string): PackedOptions => ({ claim: info => ({ ...info, path: parseStorePath(path) }) })
    cache.addNar(PATH, NAR, claim(storePathOf('b')))
    await expectFailure('CACHED_NARINFO_INVALID', narInfoUrl())
    cache.addNar(PATH, NAR, claim(`${PATH}-more`))
    await expectFailure('CACHED_NARINFO_INVALID', narInfoUrl())
  })

  it.each(['file:///etc/passwd', 'ftp://127.0.0.1/x', 'data:,x', 'http://', '//'])('with the NAR at %s', async url => {
    cache.addNar(PATH, NAR, { claim: info => ({ ...info, url, compression: 'none' }) })
    const error = await expectFailure('CACHED_NARINFO_INVALID', narInfoUrl())
    expect(error.message).toContain(url)
  })

  it.each<[string, (text: string) => string]>([
    ['is cut off', text => text.slice(0, 150)],
    ['is a web page', () => '<html>\n<body>Log in</body>\n</html>\n'],
    ['is empty', () => ''],
    ['has a field twice', text => `${text}NarSize: 1\n`],
    ['has no NAR hash', text => text.replace(/NarHash.*\n/, '')],
    ['has a size that is no number', text => text.replace(/NarSize: /, '$&-')],
    ['has a content address that is none', text => `${text}CA: fixed:r:sha256:zzz\n`],
    ['refers to what is no store path', text => text.replace(/References: /, '$&../../etc')],
  ])('in a narinfo that %s', async (_, text) => {
    cache.addNar(PATH, NAR, { text })
    await expectFailure('CACHED_NARINFO_INVALID', narInfoUrl())
  })

  it.each<[string, () => Answer]>([
    ['has 100 MB', () => sendBytes(Buffer.alloc(100_000_000, 'x'))],
    ['never ends', () => sendEndless(Buffer.alloc(65_536, 'Sig: x\n'))],
    ['leads in a circle', () => sendStatus(302, { location: narInfoUrl() })],
    [
      'leads on and on',
      () => (response, _, request) => sendStatus(302, { location: `${request.url}x` })(response, _, request),
    ],
    ['leads to another scheme', () => sendStatus(302, { location: 'file:///etc/passwd' })],
    ['needs a login', () => sendStatus(401)],
    ['is not implemented', () => sendStatus(501)],
    [
      'is in another encoding',
      () => response => void response.writeHead(200, { 'content-encoding': 'rot13' }).end('x'),
    ],
  ])('in a narinfo that %s', async (_, answer) => {
    cache.addNar(PATH, NAR)
    server.bend = ({ path }) => (/\.narinfo/.test(path) ? answer() : undefined)
    await expectFailure('CACHE_UNREADABLE', narInfoUrl())
  })

  it('in a narinfo whose connection always breaks', async () => {
    cache.addNar(PATH, NAR)
    bendNarInfo(reset)
    await expectFailure('CACHE_UNREADABLE', narInfoUrl())
  })
})

describe('a closure is refused', () => {
  it('whose root no cache has', async () => {
    await expectFailure('PATH_NOT_CACHED', server.url)
    const other = await serveCache(createBinaryCache(join(folder, 'other')).folder)
    const source = { ...server.source, caches: [server.url, other.url] }
    expect((await expectFailure('PATH_NOT_CACHED', server.url, { source })).message).toContain(other.url)
  })

  it('with a cycle of references over a path that no cache has', async () => {
    const [b, missing] = [storePathOf('b'), storePathOf('missing')]
    cache.addNar(PATH, NAR, { references: [b] })
    cache.addNar(b, NAR, { references: [PATH, missing] })
    await expectFailure('PATH_NOT_CACHED', server.url, {}, missing)
  })

  it('that a cache of another store has', async () => {
    cache.addNar(PATH, NAR)
    writeFileSync(join(cache.folder, 'nix-cache-info'), 'StoreDir: /other/store\n')
    const error = await failureOf()
    expect(error).toMatchObject({ code: 'CACHE_INVALID', url: server.url })
    expect(error.message).toMatch(/\/other\/store, not of \/nix\/store/)
    expect(server.requests).toHaveLength(1)
  })

  it('where there is no cache', async () => {
    rmSync(join(cache.folder, 'nix-cache-info'))
    expect(await failureOf()).toMatchObject({ code: 'CACHE_INVALID', message: expect.stringContaining(server.url) })
  })

  it('that is in no cache that can be reached', async () => {
    const down = await serveCache(cache.folder, () => sendStatus(501))
    const source = { ...server.source, caches: [down.url, server.url] }
    const error = await expectFailure('CACHE_UNREADABLE', server.url, { source })
    expect(error.message).toContain(`${down.url}nix-cache-info`)
  })

  it.each<[string, string, Answer]>([
    ['is too long', 'CACHE_UNREADABLE', sendEndless(Buffer.alloc(65_536, 'x'))],
    ['is of another store', 'CACHE_INVALID', sendBytes('StoreDir: /gnu/store\nPriority: high\n')],
    ['is forbidden to strangers', 'CACHE_UNREADABLE', sendStatus(401)],
  ])('from a cache whose nix-cache-info %s', async (_, code, answer) => {
    server.bend = () => answer
    const error = await failureOf()
    expect(error).toMatchObject({ code, message: expect.stringContaining(server.url) })
  })

  it('from what is not the URL of a cache', async () => {
    for (const url of ['cache.nixos.org', 'ftp://127.0.0.1', 's3://bucket', '', 'http://127.0.0.1?priority=high']) {
      const error = await failureOf({ source: { caches: [url] } })
      const shown = url.replace(/\?.*/, '?...')
      expect(error).toMatchObject({ code: 'CACHE_INVALID', url: shown, message: expect.stringContaining(shown) })
    }
  })

  it('without showing the password in the URL of a cache', async () => {
    const url = server.url.replace('//', '//user:s3cr%40t@')
    const elsewhere = ['ftp://user:s3cr%40t@127.0.0.1', 'http://user:s3cr%40t@', `${url}?priority=high`]
    const failures = [await failureOf({ source: { ...server.source, caches: [url] } })]
    for (const other of elsewhere) failures.push(await failureOf({ source: { caches: [other] } }))
    cache.addNar(PATH, NAR, { spoil: flip })
    failures.push(await failureOf({ source: { ...server.source, caches: [url] } }))
    failures.push(await failureOf({ source: { caches: [url] } }))
    bendNarInfo(sendStatus(401))
    failures.push(await failureOf({ source: { ...server.source, caches: [url] } }))
    const codes = ['PATH_NOT_CACHED', ...elsewhere.map(() => 'CACHE_INVALID'), 'NAR_FILE_MISMATCH', 'PATH_UNTRUSTED']
    expect(failures.map(({ code }) => code)).toEqual([...codes, 'CACHE_UNREADABLE'])
    for (const error of failures) expect(inspect(error, { depth: 9 })).not.toMatch(/s3cr|user:/)
    // It was sent all the same.
    const basic = `Basic ${btoa('user:s3cr@t')}`
    expect(new Set(server.requests.map(({ authorization }) => authorization))).toEqual(new Set([basic]))
  })

  it('for a public key that is none', async () => {
    for (const key of ['x', 'x:', ':', 'x:AAAA', `${publicKeyOf(TEST_KEY)}=`]) {
      const error = await failureOf({ source: { ...server.source, trustedPublicKeys: [key] } })
      expect(error).toMatchObject({ code: 'PUBLIC_KEY_INVALID', message: expect.stringContaining(key) })
    }
  })

  it('for credentials that are none', async () => {
    cache.addNar(PATH, NAR)
    const withCredentials = (credentials: object) => ({ source: { ...server.source, ...credentials } })
    const netrc = await failureOf(withCredentials({ netrcText: 'machine' }))
    expect(netrc).toMatchObject({ code: 'NETRC_INVALID' })
    const tokens = await failureOf(withCredentials({ tokens: [{ url: 'localhost', token: 'secret' }] }))
    expect(tokens).toBeInstanceOf(TypeError)
    expect(tokens.message).toContain('localhost')
    expect(tokens.message).not.toContain('secret')
  })
})
