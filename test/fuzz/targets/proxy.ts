import assert from 'node:assert/strict'
import { parseNoProxy } from '../../../src/http/no-proxy.ts'
import { readProxies } from '../../../src/http/proxy-settings.ts'
import { outcomeNow } from '../oracles.ts'
import type { Target } from '../target.ts'

const URLS = [
  'https://example.org/',
  'http://127.0.0.1:8080/',
  'https://[fe80::1]/',
  'http://a.b.example.org.:81/',
].map(url => new URL(url))
const SECRET = 'hunter2-secret'

/** Lines NAME=VALUE of an environment. */
export const target: Target = {
  about: 'proxies in the environment; no error shows a password',
  seeds: () => [
    `http_proxy=http://user:${SECRET}@proxy:3128\nno_proxy=localhost,127.0.0.0/8,.example.org,fe80::/10`,
    'https_proxy=socks5h://[::1]:1080/\nALL_PROXY=proxy\nNO_PROXY=* [::1] a.b.',
    'HTTP_PROXY=https://a%40b:c%00@h:443?x#y\nREQUEST_METHOD=GET\nno_proxy=*',
  ],
  words: [
    'http_proxy=',
    'https_proxy=',
    'all_proxy=',
    'no_proxy=',
    '\n',
    '://',
    'socks4a://',
    '@',
    ':',
    '%',
    '/32',
    '::ffff:',
    SECRET,
  ],
  run(input) {
    const lines = Buffer.from(input).toString().split('\n')
    const variables = Object.fromEntries(lines.map(line => [line.split('=', 1)[0]!, line.slice(line.indexOf('=') + 1)]))
    try {
      readProxies(variables)
    } catch (error) {
      assert.ok(!(error as Error).message.includes(SECRET))
    }
    const outcome = outcomeNow(() => readProxies(variables))
    const isDirect = parseNoProxy(variables.no_proxy ?? '')
    for (const url of URLS) {
      const proxy = 'value' in outcome ? outcome.value(url) : undefined
      if (proxy !== undefined) {
        assert.ok(proxy.port > 0 && proxy.port < 65536)
        assert.ok(URL.canParse(proxy.url), proxy.url)
      }
      // More exceptions never make fewer.
      if (isDirect(url) && variables.no_proxy !== '*') assert.ok(parseNoProxy(`${variables.no_proxy},x.invalid`)(url))
    }
  },
}
