import assert from 'node:assert/strict'
import { createXXHash32 } from 'hash-wasm'
import { compressFrameSync } from 'lz4-napi'
import { createByteInput, UnpackError, unpack } from '../../../src/unpack/index.ts'
import { assertCutAnywhere, gather, isOneIn, runProgram, streamOf } from '../oracles.ts'
import type { Target } from '../target.ts'
import { exampleNars } from './nar.ts'

const xxh32 = await createXXHash32()
const TEXT = Buffer.from('hello hello hello, this is a text\n'.repeat(40))
const lz4Of = (data: Uint8Array, ...options: string[]) => runProgram(['lz4', '-cq', ...options], data)!

export const target: Target = {
  about: 'lz4 frames, held against lz4',
  seeds: () => [
    ...exampleNars().map(nar => compressFrameSync(Buffer.from(nar))),
    lz4Of(TEXT),
    lz4Of(TEXT, '-BD', '-BX', '-B4'),
    lz4Of(TEXT, '--content-size', '--no-frame-crc'),
    Buffer.concat([Buffer.from('502a4d1803000000010203', 'hex'), lz4Of(TEXT, '-9')]),
  ],
  words: ['04224d18', '502a4d18', '02214c18', '00000000', '01000080', '64404000'].map(hex => Buffer.from(hex, 'hex')),
  /** Computes the checksum of the first header anew. */
  mend(input) {
    const length = 2 + (input[4]! & 8 ? 8 : 0) + (input[4]! & 1 ? 4 : 0)
    if (input.length < 5 + length) return input
    const hash = Number.parseInt(
      xxh32
        .init()
        .update(input.subarray(4, 4 + length))
        .digest('hex'),
      16,
    )
    input[4 + length] = hash >>> 8
    return input
  },
  async run(input) {
    const decode = (pieces: readonly Uint8Array[]) =>
      gather(unpack(createByteInput(streamOf(pieces)), { compression: 'lz4' }))
    const outcome = await assertCutAnywhere(input, decode, error => error instanceof UnpackError)
    if (!isOneIn(10, input) || !('value' in outcome) || input.length === 0) return
    assert.deepEqual(runProgram(['lz4', '-dcq'], input), outcome.value)
  },
}
