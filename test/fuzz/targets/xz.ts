import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { xz } from '@napi-rs/lzma'
import { crc32, writeU32le } from '../../../src/bytes/index.ts'
import { createXzDecoder } from '../../../src/xz/index.ts'
import { assertCutAnywhere, isOneIn, runProgram } from '../oracles.ts'
import type { Target } from '../target.ts'

/** As in a check of an image, which bounds memory so. */
const DICTIONARY_MAX = 64 * 1024 * 1024

function decode(pieces: readonly Uint8Array[]): Buffer {
  const decoder = createXzDecoder({ dictionaryMax: DICTIONARY_MAX, createSha256: () => createHash('sha256') })
  try {
    const decoded = pieces.flatMap(piece => [...decoder.push(piece)])
    decoder.end()
    assert.equal(decoder.behind, 0)
    return Buffer.concat(decoded)
  } finally {
    decoder.close()
  }
}

const TEXT = Buffer.from('hello hello hello, this is a text\n'.repeat(40))
const CODE = Buffer.from('e8000000004889c3e8100000000f1f00'.repeat(30), 'hex')

/** An .xz file as xz writes it. */
export function xzOf(data: Uint8Array, ...options: string[]): Buffer {
  return runProgram(['xz', '-c', '-T1', ...options], data)!
}

/** Computes the CRC-32 of a stream header and the block header behind it anew, so that changes to them are looked at. */
export function mendXz(bytes: Uint8Array): Uint8Array {
  if (bytes.length < 24) return bytes
  writeU32le(bytes, 8, crc32(bytes.subarray(6, 8)))
  const size = 4 * (bytes[12]! + 1)
  if (bytes.length >= 12 + size) writeU32le(bytes, 12 + size - 4, crc32(bytes.subarray(12, 12 + size - 4)))
  return bytes
}

export const target: Target = {
  about: '.xz files, held against xz and the decoder of @napi-rs/lzma',
  seeds: () => [
    xzOf(new Uint8Array()),
    xzOf(TEXT),
    xzOf(TEXT, '--check=none', '--block-size=100'),
    xzOf(TEXT, '--check=sha256', '-0'),
    xzOf(CODE, '--x86', '--lzma2'),
    xzOf(CODE, '--delta=dist=4', '--lzma2=lc=0,lp=4,pb=0'),
    Buffer.concat([xzOf(CODE), Buffer.alloc(8), xzOf(TEXT)]),
  ],
  words: [
    Buffer.from('fd377a585a00', 'hex'),
    Buffer.from('YZ'),
    Buffer.alloc(4),
    Buffer.of(0x21, 1),
    Buffer.of(4, 0),
    Buffer.of(3, 1),
  ],
  mend: mendXz,
  async run(input) {
    const outcome = await assertCutAnywhere(input, decode, error => error instanceof assert.AssertionError)
    if ('value' in outcome && input.length > 0) assert.deepEqual(nativeOf(input) ?? outcome.value, outcome.value)
    if (!isOneIn(50, input)) return
    const expected = runProgram(['xz', '-dcq', '-M', '96MiB'], input)
    if (expected !== undefined && input.length > 0)
      assert.deepEqual('value' in outcome ? outcome.value : outcome, expected)
    else assert.ok(!('value' in outcome) || input.length === 0, 'xz refuses it')
  },
}

/** What another decoder makes of an input; `undefined` if it does not know something in it. */
function nativeOf(input: Uint8Array): Buffer | undefined {
  try {
    return xz.decompressSync(input)
  } catch {
    return undefined
  }
}
