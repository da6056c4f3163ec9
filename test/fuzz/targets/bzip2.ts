import assert from 'node:assert/strict'
import { createByteInput, UnpackError, type UnpackEvent, unpack } from '../../../src/unpack/index.ts'
import { assertCutAnywhere, gather, isOneIn, runProgram, streamOf } from '../oracles.ts'
import type { Target } from '../target.ts'

/** Refused, too, where something follows. */
const onEvent = ({ kind }: UnpackEvent) => {
  if (kind === 'trailing') throw new UnpackError('UNPACK_CORRUPT', 'it has bytes behind its end')
}
const decode = (pieces: readonly Uint8Array[]) =>
  gather(unpack(createByteInput(streamOf(pieces)), { compression: 'bzip2', onEvent }))

/** A .bz2 file as bzip2 writes it. */
export function bzip2Of(data: Uint8Array | string): Buffer {
  return runProgram(['bzip2', '-c', '-1'], Buffer.from(data as string))!
}

export const target: Target = {
  about: 'bzip2 files, held against bzip2',
  seeds: () => [
    bzip2Of(''),
    bzip2Of('hello hello hello\n'.repeat(20)),
    bzip2Of(Buffer.alloc(70_000)),
    bzip2Of(Uint8Array.from({ length: 2000 }, (_, i) => (i * i) >> 3)),
    Buffer.concat([bzip2Of('one'), bzip2Of('two')]),
  ],
  words: ['BZh1', 'BZh9', Buffer.from('314159265359', 'hex'), Buffer.from('177245385090', 'hex')],
  async run(input) {
    const outcome = await assertCutAnywhere(input, decode, error => error instanceof UnpackError)
    // bzip2 passes over what follows a stream, and takes an empty file for a compressed one.
    if (!('value' in outcome || isOneIn(20, input)) || input.length === 0) return
    const expected = runProgram(['bzip2', '-dc'], input)
    if ('value' in outcome) assert.deepEqual(outcome.value, expected)
    else if (expected) assert.match(outcome.refused, /UNPACK_CORRUPT/)
  },
}
