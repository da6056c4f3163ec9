import assert from 'node:assert/strict'
import fc from 'fast-check'
import { createLzma2Encoder, type Lzma2Level, lzma2DictionarySize } from '../../../src/xz/index.ts'
import { arbitraryInput, buildInput, decodeNative } from '../../lzma2-inputs.ts'
import { pick, type Random } from '../random.ts'
import type { Target } from '../target.ts'

const encoder = createLzma2Encoder()

/** Parts of up to 256 KiB come in one of some hundred inputs: of larger ones, one would take too long. */
const PART_SIZES = [...Array<number>(300).fill(70_000), 2 ** 18]

function generate(random: Random): Uint8Array {
  const [parts] = fc.sample(arbitraryInput(pick(random, PART_SIZES)), { seed: random() | 0, numRuns: 1 })
  return Buffer.concat([Buffer.of(random()), buildInput(parts!)])
}

/** The level, then what is encoded: no decoder, but what it makes is. */
export const target: Target = {
  about: 'the LZMA2 encoder, whose output another decoder reads',
  sizeMax: 2 ** 20,
  seeds: () => [Buffer.of(6)],
  generate,
  run(input) {
    const level = ((input[0] ?? 0) % 10) as Lzma2Level
    const data = input.subarray(1)
    const chunks = encoder.encode(data, level)
    const decoded = decodeNative(chunks, data, lzma2DictionarySize(data.length))
    assert.ok(decoded.equals(data), `level ${level}: decoded to ${decoded.length} bytes, which differ`)
  },
}
