import { readdirSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as main from '../../src/index.ts'
import * as nix from '../../src/nix/index.ts'
import * as open from '../../src/open/index.ts'
import * as report from '../../src/report/index.ts'
import * as tar from '../../src/tar/index.ts'
import * as xz from '../../src/xz/index.ts'
import { temporaryFolder } from '../temporary.ts'

/** Arguments that each function is called with, at random. */
const RUNS = 1000

const { build, checkArchive, checkDelivery, define, generateKeyPair, NspawnRootfsError, publishImages, serveFolder } =
  main

/** What a caller without types may come to: nothing at all, the wrong kind, one too deep, what throws when it is looked at. */
const argument = fc.oneof(
  { weight: 3, arbitrary: fc.anything({ withBigInt: true, withTypedArray: true, withNullPrototype: true }) },
  fc.constantFrom<unknown>(
    undefined,
    null,
    '',
    -1,
    0.5,
    Number.NaN,
    Symbol('x'),
    () => 1,
    // Nobody is asked for it.
    new URL('ftp://x'),
    new Map(),
  ),
  fc.uint8Array(),
  fc.array(fc.string()),
  fc.dictionary(fc.string(), fc.anything()),
)

const publicFunctions = Object.entries({ ...main, ...nix, ...open, ...report, ...tar, ...xz }).filter(
  (entry): entry is [string, (...args: unknown[]) => unknown] =>
    typeof entry[1] === 'function' && !/^[A-Z]/.test(entry[0]),
)

describe('wrong arguments', () => {
  it.each(publicFunctions)('of %s are refused as such', async (_, call) => {
    const folder = temporaryFolder()
    const before = process.cwd()
    process.chdir(folder)
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(argument, { maxLength: 4 }), async args => {
          try {
            await consume(call(...args))
          } catch (error) {
            const isRight =
              error instanceof TypeError || error instanceof RangeError || error instanceof NspawnRootfsError
            if (!isRight) throw error
          }
        }),
        { numRuns: RUNS, endOnFailure: true },
      )
      expect(readdirSync(folder)).toEqual([])
    } finally {
      process.chdir(before)
    }
  })

  it.each<[string, () => unknown, RegExp]>([
    ['nothing', () => build(undefined as never), /^spec: give an object, not undefined$/],
    ['null', () => build(null as never), /^spec: give an object, not null$/],
    ['a folder as options', () => build({ roots: ['x'] }, 'out' as never), /^options: give an object, not "out"$/],
    ['a source as text', () => build({ source: '/x' as never }), /^spec\.source: give an object, not "\/x"$/],
    ['a cache as a path', () => build({ roots: ['x'] }, { cache: '/x' as never }), /^options\.cache: .*get and put/],
    [
      'an option of the command',
      () => build({ roots: ['x'] }, { cacheDir: 'x' } as never),
      /^options\.cacheDir: no such key/,
    ],
    [
      'a word for another',
      () => build({ roots: ['x'], systemd: { hostName: 'x' } } as never),
      /did you mean hostname\?$/,
    ],
    [
      'a key of a unit',
      () => build({ roots: ['x'], systemd: { units: { 'a.service': { enabled: true } } } } as never),
      /^spec\.systemd\.units\["a\.service"\]\.enabled: no such key; did you mean enable\?$/,
    ],
    [
      'an owner',
      () => build({ roots: ['x'], entries: [{ type: 'directory', path: '/x', owner: '1:1' }] } as never),
      /^spec\.entries\[0\]\.owner: no such key; there may be type, path, uid, gid/,
    ],
    ['no roots', () => build({}), /^spec: nothing to build/],
    ['a level', () => build({ roots: ['x'], level: 10 }), /^spec\.level: give a whole number from 0 to 9, not 10$/],
    ['a format', () => build({ roots: ['x'], format: 'tar.xy' } as never), /did you mean tar\.xz\?$/],
    ['a port', () => serveFolder('.', { port: 'x' as never }), /^options\.port: give a whole number from 0 to 65535/],
    ['specs', () => publishImages({} as never, 'x'), /^specs: give a list, not an object$/],
    ['a version of systemd', () => checkArchive('x', { systemd: 'old' as never }), /^options\.systemd: give one of/],
    [
      'an unknown option of a decoder',
      () => xz.createXzDecoder({ verifydata: true } as never),
      /no such key; .*verifyData/,
    ],
    ['a dictionary', () => xz.createXzDecoder({ dictionaryMax: -1 }), /^options\.dictionaryMax: .*, not -1$/],
    [
      'text to encode',
      () => xz.createLzma2Encoder().encode('abc' as never, 6),
      /^bytes: give a Uint8Array, not string$/,
    ],
    [
      'an offset of an integer',
      () => xz.decodeVli(new Uint8Array(9), -1),
      /^offset: give a whole number from 0 on, not -1$/,
    ],
    ['an offset of a header', () => xz.decodeBlockHeader(new Uint8Array(9), -5), /^offset: .*, not -5$/],
    [
      'a check to measure',
      () => xz.checkSize('foo' as never),
      /^check: give one of none, crc32, crc64, sha256, not foo$/,
    ],
    ['a check to name', () => xz.checkId('foo' as never), /^check: give one of/],
    ['a check of a stream', () => xz.createStreamWriter('foo' as never), /^check: give one of/],
    ['a short hash in base 16', () => nix.formatSha256Base16(new Uint8Array(5)), /^a SHA-256 has 32 bytes, not 5$/],
    ['a short hash in base 32', () => nix.formatSha256Nix32(new Uint8Array(5)), /^a SHA-256 has 32 bytes, not 5$/],
    ['no bounds', () => main.concerns(null as never, 255), /^bounds: give an object/],
    ['a version as text', () => main.concerns({}, 'x' as never), /^version: give a whole number/],
    ['an image of text', () => checkArchive(pieces('abc')), /^image: give pieces that are Uint8Arrays, not string$/],
    [
      'text for the cache',
      () => main.openBlockCache(temporaryFolder()).put('x', 'y' as never),
      /^bytes: give a Uint8Array, not string$/,
    ],
    ['a folder', () => checkDelivery(3 as never, 'x'), /^folder: give a path, or a file: URL, not 3$/],
    ['an owner of a key', () => generateKeyPair({} as never), /^owner\.name: is missing$/],
    [
      'an option of a declaration',
      () => define({}, { sett: {} } as never),
      /^options\.sett: no such key; did you mean set\?$/,
    ],
  ])('%s', async (_, call, message) => {
    const error = await (async () => call())().then(
      () => new Error('was taken'),
      (fault: Error) => fault,
    )
    expect(error.message).toMatch(message)
    expect(error instanceof TypeError || error instanceof RangeError).toBe(true)
  })
})

/** An image of pieces that are none. */
async function* pieces(...pieces: readonly unknown[]): AsyncGenerator<Uint8Array> {
  yield* pieces as Uint8Array[]
}

/** Waits for a result, or goes through it. */
async function consume(result: unknown): Promise<void> {
  const value = await result
  if (typeof value === 'object' && value !== null && Symbol.asyncDispose in value) {
    await (value as AsyncDisposable)[Symbol.asyncDispose]()
  } else if (typeof value === 'object' && value !== null && 'close' in value && typeof value.close === 'function') {
    await value.close()
  }
}
