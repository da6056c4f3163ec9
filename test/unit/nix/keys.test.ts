import { describe, expect, it } from 'vitest'
import { parsePublicKey, parsePublicKeys, parseSecretKey } from '../../../src/nix/index.ts'

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
    ['a space before the key', PUBLIC.replace(':', ': ')],
    ['no padding', PUBLIC.slice(0, -1)],
    ['unused bits set', PUBLIC.replace('I=', 'J=')],
    ['the alphabet of URLs', PUBLIC.replace('/', '_')],
    ['a byte too many', `k-1:${Buffer.alloc(33).toString('base64')}`],
    ['a byte too few', `k-1:${Buffer.alloc(31).toString('base64')}`],
  ])('refuses %s', (_, text) => {
    expect(() => parsePublicKey(text)).toThrow(expect.objectContaining({ code: 'PUBLIC_KEY_INVALID', input: text }))
  })

  it.each([` ${PUBLIC}`, `${PUBLIC}\n`, `\t${PUBLIC}\r\n`])('takes %j', text => {
    expect(parsePublicKey(text)).toEqual(parsePublicKey(PUBLIC))
  })

  it.each([
    ['whole', SECRET, /secret key of "k-1"; give the public one \(nix key convert-secret-to-public\)/],
    ['without its name', SECRET.slice(4), /secret key; give the public one/],
    ['cut off', SECRET.slice(0, -10), /secret key of "k-1"/],
    ['with a colon in it', SECRET.slice(4).replace(/.{10}$/, ':$&'), /44 characters of base 64/],
    ['mistyped', SECRET.replace('ve1', 've!'), /secret key of "k-1"/],
  ])('refuses a secret key, %s, and does not quote it', (_, text, message) => {
    const error = errorOf(() => parsePublicKey(text))
    expect(error).toMatchObject({ code: 'PUBLIC_KEY_INVALID', input: undefined })
    expect(error.message).toMatch(message)
    expect(error.message).not.toContain(SECRET.slice(10, 30))
  })

  it.each([
    ['/etc/nix/key.pub', /it looks like the path of a file: give the key that is in it/],
    ['./key', /looks like the path/],
    ['~/key.txt', /looks like the path/],
    ['key.public', /looks like the path/],
    [PUBLIC.slice(4), /it has no name: give NAME:BASE64/],
    ['cache.nixos.org-1', /it is not of the form NAME:BASE64/],
  ])('says what is wrong with %s', (text, message) => {
    expect(() => parsePublicKey(text)).toThrow(message)
  })
})

describe('parsePublicKeys', () => {
  it('reads what stands in a nix.conf', () => {
    const other = PUBLIC.replace('k-1', 'k-2')
    expect(parsePublicKeys(`  ${PUBLIC} \n ${other}\t`).map(key => key.name)).toEqual(['k-1', 'k-2'])
    expect(parsePublicKeys(' ')).toEqual([])
    expect(() => parsePublicKeys(`${PUBLIC} k-2`)).toThrow(/"k-2": it is not of the form/)
  })
})

function errorOf(call: () => unknown): Error {
  try {
    call()
  } catch (error) {
    return error as Error
  }
  return new Error('it was taken')
}

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
