import assert from 'node:assert/strict'
import { createByteInput, UnpackError, unpack } from '../../../src/unpack/index.ts'
import { assertCutAnywhere, gather, isOneIn, runProgram, streamOf } from '../oracles.ts'
import type { Target } from '../target.ts'
import { exampleNars } from './nar.ts'

/** An lzip file as lzip writes it. */
export function lzipOf(data: Uint8Array): Buffer {
  return runProgram(['lzip', '-c'], data)!
}

export const target: Target = {
  about: 'lzip files of several members, held against lzip',
  seeds() {
    const files = exampleNars().map(lzipOf)
    return [lzipOf(new Uint8Array()), ...files, Buffer.concat(files.slice(0, 3))]
  },
  words: ['LZIP\x01', Buffer.alloc(8), Buffer.of(0x0c), Buffer.of(0xff)],
  async run(input) {
    const decode = (pieces: readonly Uint8Array[]) =>
      gather(unpack(createByteInput(streamOf(pieces)), { compression: 'lzip' }))
    const outcome = await assertCutAnywhere(input, decode, error => error instanceof UnpackError)
    if ('value' in outcome) assert.deepEqual(runProgram(['lzip', '-dc'], input), outcome.value)
    // lzip passes over what is no member behind a member.
    else if (isOneIn(10, input) && !Buffer.from(input.subarray(4)).includes('LZ')) {
      const expected = runProgram(['lzip', '-dcq', '--trailing-error'], input)
      assert.ok(expected === undefined || input.length === 0, 'lzip takes it')
    }
  },
}
