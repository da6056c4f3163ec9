import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as node from '../../../src/nix/crypto.ts'
import * as portable from '../../../src/nix/crypto-portable.ts'

const bytes = (length?: number) => fc.uint8Array(length === undefined ? {} : { minLength: length, maxLength: length })
const hex = (found: Uint8Array) => Buffer.from(found).toString('hex')

describe('hashes and signatures without Node', () => {
  it('are named alike', () => {
    expect(Object.keys(portable).sort()).toEqual(Object.keys(node).sort())
  })

  it.each(['md5', 'sha1', 'sha256', 'sha512'])(
    '%s is that of Node, piece by piece, and copied on the way',
    algorithm => {
      const hashes = (crypto: typeof node | typeof portable, pieces: readonly (Uint8Array | string)[]) => {
        const hash = crypto.createHash(algorithm)
        const copies = pieces.map(piece => hash.update(piece).copy())
        return [...copies, hash].map(one => hex(one.digest()))
      }
      fc.assert(
        fc.property(fc.array(fc.oneof(bytes(), fc.string({ unit: 'grapheme' }))), pieces => {
          expect(hashes(portable, pieces)).toEqual(hashes(node, pieces))
        }),
      )
    },
  )

  it('refuse a hash that is not there', () => {
    expect(() => portable.createHash('blake3')).toThrow(RangeError)
    expect(() => portable.createHash('toString')).toThrow(RangeError)
  })

  it('sign as Node does, and take what it signed', () => {
    fc.assert(
      fc.property(bytes(), bytes(32), (message, seed) => {
        const key = portable.publicKeyOfSeed(seed)
        expect(hex(key)).toBe(hex(node.publicKeyOfSeed(seed)))
        const signature = node.signEd25519(message, seed)
        expect(hex(portable.signEd25519(message, seed))).toBe(hex(signature))
        expect(portable.verifyEd25519(message, key, signature)).toBe(true)
      }),
      { numRuns: 20 },
    )
  })

  it('refuse what Node refuses', () => {
    fc.assert(
      fc.property(bytes(), bytes(32), fc.nat(63), fc.integer({ min: 1, max: 255 }), (message, seed, at, flip) => {
        const key = node.publicKeyOfSeed(seed)
        const signature = Uint8Array.from(node.signEd25519(message, seed))
        signature[at] ^= flip
        expect(node.verifyEd25519(message, key, signature)).toBe(false)
        expect(portable.verifyEd25519(message, key, signature)).toBe(false)
        expect(portable.verifyEd25519(message, bytesOfNoPoint, signature)).toBe(false)
      }),
      { numRuns: 20 },
    )
  })
})

/** 32 bytes that are no public key: no point of the curve has this y. */
const bytesOfNoPoint = new Uint8Array(32).fill(2)
