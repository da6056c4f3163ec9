import assert from 'node:assert/strict'
import { createByteInput, UnpackError, unpack } from '../../../src/unpack/index.ts'
import { assertCutAnywhere, gather, isOneIn, runProgram, streamOf } from '../oracles.ts'
import type { Target } from '../target.ts'
import { exampleNars } from './nar.ts'
import { xzOf } from './xz.ts'

export const target: Target = {
  about: '.lzma files, held against xz',
  seeds: () => exampleNars().flatMap(nar => [xzOf(nar, '--format=lzma'), xzOf(nar, '--format=lzma', '-0')]),
  words: [Buffer.from('5d00008000', 'hex'), Buffer.alloc(8, 0xff), Buffer.alloc(8)],
  async run(input) {
    const decode = (pieces: readonly Uint8Array[]) =>
      gather(unpack(createByteInput(streamOf(pieces)), { compression: 'lzma' }))
    const outcome = await assertCutAnywhere(input, decode, error => error instanceof UnpackError)
    const expected = isOneIn(20, input) ? runProgram(['xz', '-dcq', '--format=lzma', '-M', '512MiB'], input) : undefined
    // Headers that no encoder writes are refused by xz alone.
    if (expected && 'value' in outcome) assert.deepEqual(outcome.value, expected)
  },
}
