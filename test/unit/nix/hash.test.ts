import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { normalizeHash } from '../../../src/nix/hash.ts'
import {
  formatSha256Base16,
  formatSha256Nix32,
  formatSha256Sri,
  narHashBytes,
  narHashFromBytes,
  parseNarHash,
  parseSha256,
} from '../../../src/nix/index.ts'

// One hash as `nix-hash` prints it, in each form.
const BASE16 = '6dd2986ca67fd3a0adde8af21dcdcdcca43079cb316b85f2ea7ed1aac6803506'
const NIX32 = '01imh33amlbyxbr8asrirdwk196crp6ivwlavsns1lvzlrn9ilkd'
const BASE64 = 'bdKYbKZ/06Ct3oryHc3NzKQwecsxa4Xy6n7RqsaANQY='

describe('parseSha256', () => {
  it.each([
    `sha256:${NIX32}`,
    `sha256:${BASE16}`,
    `sha256:${BASE64}`,
    `sha256-${BASE64}`,
    NIX32,
    BASE16,
    BASE16.toUpperCase(),
    BASE64,
  ])('reads %s', text => {
    expect(formatSha256Base16(parseSha256(text))).toBe(BASE16)
    expect(parseNarHash(text)).toBe(`sha256:${NIX32}`)
  })

  it.each([
    '',
    'sha256:',
    `sha1:${NIX32}`,
    `SHA256:${NIX32}`,
    `sha256-${BASE16}`,
    `sha256-${NIX32}`,
    ` ${BASE16}`,
    `${BASE16}\n`,
    `g${BASE16.slice(1)}`,
    `z${NIX32.slice(1)}`,
    `e${NIX32.slice(1)}`,
    `sha256-${BASE64.slice(0, -1)}`,
    `sha256-${BASE64.replace('Y=', 'Z=')}`,
    `sha256-${BASE64.replace('bd', '-d')}`,
    `sha256-${BASE64.replace('QY=', '===')}`,
  ])('refuses %j', text => {
    expect(() => parseSha256(text)).toThrow(expect.objectContaining({ code: 'HASH_INVALID', input: text }))
  })
})

describe('formats', () => {
  it('writes each form', () => {
    const digest = parseSha256(BASE16)
    expect(formatSha256Nix32(digest)).toBe(NIX32)
    expect(formatSha256Sri(digest)).toBe(`sha256-${BASE64}`)
  })

  it('turns bytes into a NAR hash and back', () => {
    const digest = new Uint8Array(createHash('sha256').update('x').digest())
    expect(narHashBytes(narHashFromBytes(digest))).toEqual(digest)
    expect(() => narHashFromBytes(new Uint8Array(20))).toThrow(RangeError)
  })
})

describe('normalizeHash', () => {
  it('knows the algorithms of Nix', () => {
    expect(normalizeHash(`sha256-${BASE64}`)).toBe(`sha256:${NIX32}`)
    expect(normalizeHash('sha1:0000000000000000000000000000000000000001')).toBe('sha1:04000000000000000000000000000000')
    expect(normalizeHash('md5-AAAAAAAAAAAAAAAAAAAAAA==')).toBe(`md5:${'0'.repeat(26)}`)
  })

  it('refuses others', () => {
    for (const text of [BASE16, `sha3:${BASE16}`, `sha512:${BASE16}`]) expect(() => normalizeHash(text)).toThrow(/hash/)
  })
})
