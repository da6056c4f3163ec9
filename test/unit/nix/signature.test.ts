import { describe, expect, it } from 'vitest'
import {
  fingerprintOf,
  isSignedBy,
  parseNarHash,
  parsePublicKey,
  parseSecretKey,
  parseStorePath,
  type SignedInfo,
  signPathInfo,
} from '../../../src/nix/index.ts'

const refs = [
  '/nix/store/0jqd0rlxzra1rs38rdxl43yh6rxchgc6-curl-7.82.0',
  '/nix/store/6w8g7njm4mck5dmjxws0z1xnrxvl81xa-glibc-2.34-115',
  '/nix/store/j5jxw3iy7bbz4a57fh9g2xm2gxmyal8h-zlib-1.2.12',
  '/nix/store/yxvjs9drzsphm9pcf42a4byzj1kb9m7k-openssl-1.1.1n',
]
// A path of cache.nixos.org and its signature there.
const CURL: SignedInfo = {
  path: parseStorePath('/nix/store/syd87l2rxw8cbsxmxl853h0r6pdwhwjr-curl-7.82.0-bin'),
  narHash: parseNarHash('sha256:1b4sb93wp679q4zx9k1ignby1yna3z7c4c2ri3wphylbc2dwsys0'),
  narSize: 196040,
  references: refs.map(path => parseStorePath(path)),
}
const CURL_SIG =
  'cache.nixos.org-1:TsTTb3WGTZKphvYdBHXwo6weVILmTytUjLB+vcX89fOjjRicCHmKA4RCPMVLkj6TMJ4GMX3HPVWRdD1hkeKZBQ=='
const NIXOS_KEY = parsePublicKey('cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=')
// What `nix store sign` of Nix 2.8 made of a path with one reference, and the keys, made for these tests.
const TEXT: SignedInfo = {
  path: parseStorePath('/nix/store/wjkwjxr4vq977lfjqnpkkyk8sr2n566y-t2'),
  narHash: parseNarHash('sha256-Eluraf6N2UJZ5KVDKjpzystb261QkXE7E0Lqdf46jD0='),
  narSize: 168,
  references: [parseStorePath('/nix/store/vqpn17r03lqabwk0wksgpbgy620zwfd4-t')],
}
const TEXT_SIG = 'k-1:NpvWQcvcF3RgMCH7+bsK/mco5Jsn8z4KJvaD4oAD02hko3928td791FDl3IKd2MZdgdHn0wXguxyybhIr69ZAw=='
const KEY = parsePublicKey('k-1:kgkEfh6pRkfj37RzOacr7xrla9XG0u4/az2mysEOUCI=')
const SECRET = parseSecretKey(
  'k-1:Jw8ve1pArz/Np3P6kerARBZAxExIB0lI8xhinSX1udeSCQR+HqlGR+PftHM5pyvvGuVr1cbS7j9rPabKwQ5QIg==',
)

describe('fingerprintOf', () => {
  it('sorts the references and takes each once', () => {
    const expected = `1;${CURL.path.path};${CURL.narHash};196040;${refs.join(',')}`
    expect(fingerprintOf(CURL)).toBe(expected)
    expect(fingerprintOf({ ...CURL, references: [...CURL.references, ...CURL.references].reverse() })).toBe(expected)
  })

  it('ends with a semicolon where there are no references', () => {
    expect(fingerprintOf({ ...CURL, references: [] })).toBe(`1;${CURL.path.path};${CURL.narHash};196040;`)
  })
})

describe('isSignedBy', () => {
  it('knows signatures of cache.nixos.org and of nix store sign', () => {
    expect(isSignedBy({ ...CURL, signatures: [CURL_SIG] }, [NIXOS_KEY])).toBe(true)
    expect(isSignedBy({ ...TEXT, signatures: [TEXT_SIG] }, [KEY])).toBe(true)
  })

  it('needs one good signature among others, by one key among others', () => {
    const info = { ...CURL, signatures: ['', 'nonsense', TEXT_SIG, CURL_SIG.replace('TsTT', 'TsTU'), CURL_SIG] }
    expect(isSignedBy(info, [KEY, { ...KEY, name: NIXOS_KEY.name }, NIXOS_KEY])).toBe(true)
    expect(isSignedBy(info, [KEY, { ...KEY, name: NIXOS_KEY.name }])).toBe(false)
    expect(isSignedBy(info, [])).toBe(false)
  })

  it('needs signatures', () => {
    expect(isSignedBy(CURL, [NIXOS_KEY])).toBe(false)
    expect(isSignedBy({ ...CURL, signatures: [] }, [NIXOS_KEY])).toBe(false)
  })

  it.each([
    ['another path', { path: refs.map(path => parseStorePath(path))[0] }],
    ['another hash', { narHash: TEXT.narHash }],
    ['another size', { narSize: 196041 }],
    ['a reference less', { references: CURL.references.slice(1) }],
    ['a reference more', { references: [...CURL.references, CURL.path] }],
  ])('does not take the signature for %s', (_, change) => {
    expect(isSignedBy({ ...CURL, ...change, signatures: [CURL_SIG] }, [NIXOS_KEY])).toBe(false)
  })

  it.each([
    ['another name', CURL_SIG.replace('-1:', '-2:')],
    ['no name', CURL_SIG.slice(CURL_SIG.indexOf(':'))],
    ['no colon', CURL_SIG.replace(':', '')],
    ['one bit flipped', CURL_SIG.replace('ZBQ==', 'ZBA==')],
    ['a byte less', `cache.nixos.org-1:${Buffer.alloc(63).toString('base64')}`],
    ['a byte more', `cache.nixos.org-1:${Buffer.alloc(65).toString('base64')}`],
    ['no padding', CURL_SIG.slice(0, -2)],
    ['white space', `${CURL_SIG}\n`],
  ])('does not count a signature with %s', (_, signature) => {
    expect(isSignedBy({ ...CURL, signatures: [signature] }, [NIXOS_KEY])).toBe(false)
  })
})

describe('signPathInfo', () => {
  it('signs as nix store sign', () => {
    // Ed25519 has one signature for one key and text.
    expect(signPathInfo(TEXT, SECRET)).toBe(TEXT_SIG)
    expect(isSignedBy({ ...CURL, signatures: [signPathInfo(CURL, SECRET)] }, [KEY])).toBe(true)
  })
})
