import assert from 'node:assert/strict'
import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { checkArchive, type Finding } from '../../../src/check/index.ts'
import { assertCutAnywhere, isOneIn, outcomeNow, runProgram, streamOf } from '../oracles.ts'
import type { Target } from '../target.ts'
import { bzip2Of } from './bzip2.ts'
import { check, exampleTars } from './tar.ts'
import { mendXz, xzOf } from './xz.ts'

/** Heads of gzip members with every field that there is (RFC 1952, section 2.3). */
function gzipHeads(): Buffer[] {
  const [tar] = exampleTars() as [Buffer]
  const plain = gzipSync(tar)
  const fields = [Buffer.from('\x03\0abc'), Buffer.from('name\0'), Buffer.from('comment\0'), Buffer.from('\0\0')]
  return [4, 8, 16, 2, 30].map(flags => {
    const head = Buffer.from(plain.subarray(0, 10))
    head[3] = flags
    const present = fields.filter((_, i) => flags & [4, 8, 16, 2][i]!)
    return Buffer.concat([head, ...present, plain.subarray(10)])
  })
}

/** What unpacks each compression; `undefined` is what it does not take. */
const DECODERS: Readonly<Record<string, (input: Uint8Array) => Buffer | undefined>> = {
  gzip(input) {
    const outcome = outcomeNow(
      () => gunzipSync(input),
      ({ code }) => code !== undefined,
    )
    return 'value' in outcome ? outcome.value : undefined
  },
  xz: input => (isOneIn(10, input) ? runProgram(['xz', '-dcq'], input) : undefined),
  bzip2: input => (isOneIn(10, input) ? runProgram(['bzip2', '-dcq'], input) : undefined),
  zstd: input => (isOneIn(10, input) ? runProgram(['zstd', '-dcq'], input) : undefined),
}

const isBroken = ({ rule }: Finding) => ['corrupt', 'truncated', 'limits'].includes(rule)

export const target: Target = {
  about: 'compressed images in check, gzip heads among them, held against the programs that unpack them',
  seeds() {
    const tars = exampleTars()
    const [first, second] = tars as [Buffer, Buffer]
    return [
      ...tars.slice(0, 3).flatMap(tar => [gzipSync(tar), xzOf(tar), zstdCompressSync(tar)]),
      ...gzipHeads(),
      ...[
        bzip2Of(first),
        Buffer.concat([gzipSync(first), gzipSync(second)]),
        Buffer.concat([xzOf(first), Buffer.alloc(4)]),
      ],
      Buffer.concat([zstdCompressSync(first.subarray(0, 512)), zstdCompressSync(first.subarray(512))]),
    ]
  },
  words: ['fd377a585a00', '1f8b08', '1f8b081e', '425a6839', '28b52ffd', '04224d18', '4c5a4950', '504b0304'].map(hex =>
    Buffer.from(hex, 'hex'),
  ),
  mend: mendXz,
  async run(input) {
    const outcome = await assertCutAnywhere(input, async pieces => {
      const report = await check(pieces)
      // What was seen before the place at which it is broken depends on the pieces that a decoder gives.
      return report.findings.some(isBroken) ? 'broken' : report
    })
    assert.ok('value' in outcome)
    if (outcome.value === 'broken') return
    const { compression, findings, size, tarSize } = outcome.value
    assert.equal(size, input.length)
    const tar = DECODERS[compression]?.(input)
    if (tar === undefined) return
    assert.equal(tarSize, tar.length)
    const { findings: ofTar } = await checkArchive(streamOf([tar]))
    const isOfTar = new Set(ofTar.map(({ rule, message }) => `${rule} ${message}`))
    for (const { rule, message } of findings) isOfTar.delete(`${rule} ${message}`)
    assert.deepEqual([...isOfTar], [])
  },
}
