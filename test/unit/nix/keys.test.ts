import { describe, expect, it } from 'vitest'
import { parsePublicKey, parseSecretKey } from '../../../src/nix/index.ts'

// Made for these tests by `nix-store --generate-binary-cache-key`.
const PUBLIC = 'k-1:kgkEfh6pRkfj37RzOacr7xrla9XG0u4/az2mysEOUCI='
const SECRET = 'k-1:Jw8ve1pArz/Np3P6kerARBZAxExIB0lI8xhinSX1udeSCQR+HqlGR+PftHM5pyvvGuVr1cbS7j9rPabKwQ5QIg=='

describe('parsePublicKey', () => {
  it('reads a key', () => {
    const key = parsePublicKey(PUBLIC)
    expect(key.name).toBe('k-1')
    expect(Buffer.from(key.bytes).toString('base64')).toBe(PUBLIC.slice(4))
  })

  it('ends the name at the first colon', () => {
    expect(() => parsePublicKey(`a:${PUBLIC}`)).toThrow(/44 characters/)
  })

  it.each([
    ['nothing', ''],
    ['no colon', PUBLIC.slice(4)],
    ['no name', PUBLIC.slice(3)],
    ['no key', 'k-1:'],
    ['a secret key', SECRET],
    ['a newline behind it', `${PUBLIC}\n`],
    ['a space before the key', PUBLIC.replace(':', ': ')],
    ['no padding', PUBLIC.slice(0, -1)],
    ['unused bits set', PUBLIC.replace('I=', 'J=')],
    ['the alphabet of URLs', PUBLIC.replace('/', '_')],
    ['a byte too many', `k-1:${Buffer.alloc(33).toString('base64')}`],
    ['a byte too few', `k-1:${Buffer.alloc(31).toString('base64')}`],
  ])('refuses %s', (_, text) => {
    expect(() => parsePublicKey(text)).toThrow(expect.objectContaining({ code: 'PUBLIC_KEY_INVALID', input: text }))
  })
})

describe('parseSecretKey', () => {
  it('reads a key', () => {
    const key = parseSecretKey(SECRET)
    expect(key.name).toBe('k-1')
    expect(Buffer.from(key.seed).toString('base64')).toBe('Jw8ve1pArz/Np3P6kerARBZAxExIB0lI8xhinSX1udc=')
  })

  it.each([
    ['no colon', SECRET.slice(4)],
    ['no name', SECRET.slice(3)],
    ['a public key', PUBLIC],
    ['a newline behind it', `${SECRET}\n`],
    ['no padding', SECRET.slice(0, -2)],
    ['halves that do not belong together', SECRET.replace('Jw8v', 'Jw8w')],
  ])('refuses %s, and does not quote it', (_, text) => {
    expect(() => parseSecretKey(text)).toThrow(
      expect.objectContaining({
        code: 'SECRET_KEY_INVALID',
        input: undefined,
        message: expect.not.stringContaining('PftHM5py'),
      }),
    )
  })
})
