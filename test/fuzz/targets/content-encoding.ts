import assert from 'node:assert/strict'
import {
  brotliCompressSync,
  brotliDecompressSync,
  deflateRawSync,
  deflateSync,
  gunzipSync,
  gzipSync,
  inflateRawSync,
  inflateSync,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib'
import { codingsOf, decodeContent } from '../../../src/http/content-encoding.ts'
import { type Allowed, assertCutAnywhere, gather, outcomeNow, outcomeOf, streamOf } from '../oracles.ts'
import type { Target } from '../target.ts'

const TEXT = Buffer.from('StorePath: /nix/store/\n'.repeat(10))

/** What Node makes of a whole body. */
const DECODERS: Readonly<Record<string, (bytes: Uint8Array) => Buffer>> = {
  gzip: gunzipSync,
  'x-gzip': gunzipSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
  deflate: bytes =>
    (bytes[0]! & 15) === 8 && (bytes[0]! * 256 + bytes[1]!) % 31 === 0 ? inflateSync(bytes) : inflateRawSync(bytes),
}

/** Errors of ours, and of zlib. */
const isOfZlib: Allowed = ({ code }) => code !== undefined

/** Which of its errors zlib throws is up to where it was when it saw one. */
async function decode(codings: readonly string[], pieces: readonly Uint8Array[]): Promise<Buffer | 'refused'> {
  const outcome = await outcomeOf(() => gather(decodeContent(codings, streamOf(pieces))!), isOfZlib)
  return 'value' in outcome ? outcome.value : 'refused'
}

/** `header`, a newline, the body. */
export const target: Target = {
  about: 'bodies with a Content-Encoding, held against node:zlib',
  seeds: () =>
    (
      [
        ['gzip', gzipSync(TEXT)],
        ['X-GZIP', gzipSync('')],
        ['br', brotliCompressSync(TEXT)],
        ['zstd', zstdCompressSync(TEXT)],
        ['deflate', deflateSync(TEXT)],
        ['deflate', deflateRawSync(TEXT)],
        ['gzip, br', brotliCompressSync(gzipSync(TEXT))],
        ['identity,aws-chunked', TEXT],
      ] as const
    ).map(([header, body]) => Buffer.concat([Buffer.from(`${header}\n`), body])),
  words: ['gzip', 'br', 'zstd', 'deflate', ', ', '\n', 'identity'],
  async run(input) {
    const end = Math.max(0, input.indexOf(10))
    const codings = codingsOf(Buffer.from(input.subarray(0, end)).toString('latin1'))
    const isKnown = codings.every(coding => Object.hasOwn(DECODERS, coding))
    assert.equal(decodeContent(codings, streamOf([])) !== undefined, isKnown)
    if (!isKnown || codings.length > 5) return
    const body = input.subarray(end + 1)
    const outcome = await assertCutAnywhere(body, pieces => decode(codings, pieces))
    if (codings.length !== 1) return
    const whole = outcomeNow(() => DECODERS[codings[0]!]!(body), isOfZlib)
    // Of several frames Node gives the first.
    if (codings[0] === 'zstd' || body.length === 0) return
    if ('value' in whole) assert.deepEqual(outcome, whole)
  },
}
