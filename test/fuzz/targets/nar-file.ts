import assert from 'node:assert/strict'
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { compressFrameSync } from 'lz4-napi'
import { decompress, NoNarError, UnsupportedCompressionError } from '../../../src/nar-file/decompress.ts'
import { type Allowed, assertCutAnywhere, gather, streamOf } from '../oracles.ts'
import type { Target } from '../target.ts'
import { bzip2Of } from './bzip2.ts'
import { lzipOf } from './lzip.ts'
import { exampleNars } from './nar.ts'
import { xzOf } from './xz.ts'

/** Errors of a file that cannot be unpacked. */
export const isRefusal: Allowed = error =>
  error instanceof NoNarError ||
  error instanceof UnsupportedCompressionError ||
  (error.constructor === Error && error.message.startsWith('cannot be unpacked as '))

/** Names of compressions as narinfo files state them; the first byte of an input says which. */
const STATED = ['none', 'xz', 'zstd', 'gzip', 'br', 'bzip2', 'lz4', 'lzma', 'lzip', 'grzip']

export const target: Target = {
  about: 'NARs compressed in every way, stated to be compressed in any other',
  seeds() {
    const nar = Buffer.concat(exampleNars().slice(4))
    const packed: Record<string, Uint8Array> = {
      ...{ none: nar, xz: xzOf(nar), zstd: zstdCompressSync(nar), gzip: gzipSync(nar), br: brotliCompressSync(nar) },
      ...{ bzip2: bzip2Of(nar), lz4: compressFrameSync(nar), lzma: xzOf(nar, '--format=lzma'), lzip: lzipOf(nar) },
    }
    return Object.entries(packed).flatMap(([name, bytes]) => [
      Buffer.concat([Buffer.of(STATED.indexOf(name)), bytes]),
      Buffer.concat([Buffer.of(4), bytes]),
    ])
  },
  words: ['fd377a585a00', '28b52ffd', '1f8b08', '425a68', '04224d18', '4c5a495001', '5d0000', '504b0304'].map(hex =>
    Buffer.from(hex, 'hex'),
  ),
  async run(input) {
    const stated = STATED[(input[0] ?? 0) % STATED.length]!
    const decode = (pieces: readonly Uint8Array[]) => gather(decompress(streamOf(pieces), stated, undefined))
    const outcome = await assertCutAnywhere(input.subarray(1), decode, isRefusal)
    if (stated === 'none' && 'value' in outcome && input[1] === 13) {
      assert.deepEqual(outcome.value, Buffer.from(input.subarray(1)))
    }
  },
}
