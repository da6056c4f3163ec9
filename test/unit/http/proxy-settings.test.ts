import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { readProxies } from '../../../src/http/proxy-settings.ts'
import { needs } from '../../programs.ts'

const curl = needs('curl')

/** Nobody listens there; the names mean this machine to curl without a name server. */
const PROXY = 'http://127.0.0.9:9'

const HOSTS = ['http://127.0.0.7:9/', 'http://a.localhost:9/', 'http://localhost:9/', 'http://[::1]:9/']

const LISTS = [
  '*',
  'x.test,*',
  'localhost',
  '.localhost',
  'LOCALHOST.',
  'a.localhost',
  'calhost',
  '*.localhost',
  'localhost:9',
  'x.test, 127.0.0.7',
  ' ,,x.test ,\tlocalhost',
  '127.0.0.7',
  '127.0.0.0/8',
  '127.0.0.7/32',
  '127.0.0.0/0',
  '127.0.0.0/33',
  '126.0.0.0/7',
  '128.0.0.0/1',
  '0.0.7',
  '::1',
  '::2/127',
  '::1/129',
]

const ENVIRONMENTS: readonly Record<string, string>[] = [
  ...LISTS.map(no_proxy => ({ http_proxy: PROXY, no_proxy })),
  { http_proxy: PROXY, NO_PROXY: 'localhost' },
  { http_proxy: PROXY, no_proxy: '', NO_PROXY: 'localhost' },
  { http_proxy: PROXY, no_proxy: 'x.test', NO_PROXY: 'localhost' },
  { https_proxy: PROXY },
  { HTTPS_PROXY: PROXY },
  { https_proxy: '', HTTPS_PROXY: PROXY },
  { all_proxy: PROXY },
  { ALL_PROXY: PROXY },
  { http_proxy: '', all_proxy: PROXY, ALL_PROXY: 'http://127.0.0.8:8' },
  { http_proxy: PROXY, all_proxy: 'http://127.0.0.8:8' },
  {},
]

/** The variable by which curl chooses a proxy. */
async function askCurl(variables: Record<string, string>, url: string): Promise<string | undefined> {
  const env = { PATH: process.env.PATH, ...variables }
  const args = ['--disable', '--silent', '--verbose', '--max-time', '5', url]
  const { stderr } = await promisify(execFile)('curl', args, { env }).catch(error => error)
  return /Uses proxy env variable (http_proxy|https_proxy|all_proxy) ==/i.exec(stderr)?.[1]
}

describe.skipIf(curl.skip)(`the proxy for a URL${curl.because}`, () => {
  it.each(ENVIRONMENTS.map(environment => [environment]))('is the one that curl takes: %o', async environment => {
    for (const url of [...HOSTS, 'https://localhost:9/']) {
      expect([url, readProxies(environment)(new URL(url))?.name]).toEqual([url, await askCurl(environment, url)])
    }
  })
})

describe('the proxy for a URL', () => {
  it('may be named by HTTP_PROXY, though not for curl, unless a web server sets it', () => {
    const url = new URL('http://cache.test/')
    expect(readProxies({ HTTP_PROXY: PROXY })(url)).toMatchObject({ name: 'HTTP_PROXY', url: PROXY })
    expect(readProxies({ HTTP_PROXY: PROXY, http_proxy: 'http://a' })(url)).toMatchObject({ url: 'http://a:80' })
    expect(readProxies({ HTTP_PROXY: PROXY, all_proxy: 'http://a' })(url)).toMatchObject({ url: PROXY })
    expect(readProxies({ HTTP_PROXY: PROXY, REQUEST_METHOD: 'GET' })(url)).toBeUndefined()
  })

  it('is none for an IPv6 address in brackets, and lists may have blanks alone', () => {
    const isProxied = (no_proxy: string, url: string) =>
      readProxies({ all_proxy: PROXY, no_proxy })(new URL(url)) !== undefined
    expect(isProxied('[::1]', 'http://[::1]:8/')).toBe(false)
    expect(isProxied('[fd00::]/8', 'http://[fd12::3]/')).toBe(false)
    // curl 7.88, against which this may be tested, compares IPv6 networks wrongly; 8.23 does not.
    expect(isProxied('0:0:0:0:0:0:0:1', 'http://[::1]/')).toBe(false)
    expect(isProxied('fd00::/8', 'http://[fd12::3]/')).toBe(false)
    expect(isProxied('fd00::/16', 'http://[fd12::3]/')).toBe(true)
    expect(isProxied('a.test b.test', 'http://x.b.test/')).toBe(false)
    expect(isProxied('a.test b.test', 'http://c.test/')).toBe(true)
    expect(isProxied('a.test', 'http://a.test./')).toBe(false)
  })

  it.each(['me:se/cret@proxy:8080', 'me:p@ss/secret@proxy', 'me:?secret@proxy', 'me:#secret@proxy'])(
    'is not one with a password that is not encoded: %s',
    proxy => {
      const wrong = () => readProxies({ all_proxy: `http://${proxy}` })
      expect(wrong).toThrow(expect.objectContaining({ code: 'HTTP_PROXY_INVALID' }))
      expect(wrong).not.toThrow(/secret/)
    },
  )

  it.each(['ftp', 'constructor', '__proto__'])('is not one of the scheme %s', scheme => {
    expect(() => readProxies({ all_proxy: `${scheme}://proxy` })).toThrow(
      expect.objectContaining({
        code: 'HTTP_PROXY_INVALID',
        message: expect.stringContaining('scheme is not supported'),
      }),
    )
  })

  it.each<[string, string, number]>([
    ['proxy', 'http://proxy:80', 80],
    ['proxy:8080/path', 'http://proxy:8080', 8080],
    ['http://proxy:80', 'http://proxy:80', 80],
    ['HTTPS://proxy', 'https://proxy:443', 443],
    ['https://proxy:80/', 'https://proxy:80', 80],
    ['socks5://proxy', 'socks5://proxy:1080', 1080],
    ['socks://proxy', 'socks4://proxy:1080', 1080],
    ['socks5h://[::1]', 'socks5h://[::1]:1080', 1080],
    ['user:p%40ss@[fe80::1]:81', 'http://[fe80::1]:81', 81],
  ])('is read as curl reads it: %s', (value, url, port) => {
    const proxy = readProxies({ all_proxy: value })(new URL('http://cache.test/'))
    expect(proxy).toMatchObject({ url, port, ...(value.includes('@') && { user: 'user', password: 'p@ss' }) })
  })
})
