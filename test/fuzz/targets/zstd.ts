import assert from 'node:assert/strict'
import { constants, zstdCompressSync } from 'node:zlib'
import { decompress } from '../../../src/nar-file/decompress.ts'
import { assertCutAnywhere, gather, runProgram, streamOf } from '../oracles.ts'
import type { Target } from '../target.ts'
import { exampleNars } from './nar.ts'
import { isRefusal } from './nar-file.ts'

const decode = (pieces: readonly Uint8Array[]) => gather(decompress(streamOf(pieces), 'zstd', undefined))

const frameOf = (data: Uint8Array, params: Record<number, number> = {}) => zstdCompressSync(data, { params })

export const target: Target = {
  about: 'zstd files of several frames, held against zstd',
  seeds() {
    const nars = exampleNars()
    const [first, , last] = nars as [Uint8Array, Uint8Array, Uint8Array]
    const half = first.length / 2
    return [
      ...nars.map(nar => frameOf(nar)),
      frameOf(first, { [constants.ZSTD_c_checksumFlag]: 1, [constants.ZSTD_c_contentSizeFlag]: 0 }),
      Buffer.concat([frameOf(first.subarray(0, half)), frameOf(first.subarray(half))]),
      Buffer.concat([Buffer.from('502a4d1803000000010203', 'hex'), frameOf(last)]),
    ]
  },
  words: ['28b52ffd', '502a4d18', '5f2a4d18', '010000', '00000000', 'ffffffff'].map(hex => Buffer.from(hex, 'hex')),
  async run(input) {
    const outcome = await assertCutAnywhere(input, decode, isRefusal)
    const isOfZstd = input[0] === 0x28 || (input[0]! >> 4 === 5 && input[1] === 0x2a)
    if (!isOfZstd) return
    if (!('value' in outcome)) return
    assert.deepEqual(runProgram(['zstd', '-dcq'], input), outcome.value)
  },
}
