/**
 * Encodes inputs of all kinds at all levels and decodes them with another decoder, until the time is over:
 *
 *     npm run fuzz -- [--minutes N] [--seed N] [--large]
 *
 * A failure is shrunk, printed with the seed of its round, and its input saved to the current folder. With --large, inputs
 * have parts of up to 4 MiB.
 */
import { randomInt } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { createLzma2Encoder, type Lzma2Level, lzma2DictionarySize } from '../../src/xz/index.ts'
import { arbitraryInput, buildInput, decodeNative, type Part } from '../lzma2-inputs.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string' },
    large: { type: 'boolean', default: false },
  },
})
const RUNS = values.large ? 10 : 200
const firstSeed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed)
const until = Date.now() + Number(values.minutes) * 60_000
const encoder = createLzma2Encoder()
let inputs = 0
let bytes = 0

function roundTrips(parts: readonly Part[], level: Lzma2Level): boolean {
  const data = buildInput(parts)
  inputs++
  bytes += data.length
  const chunks = encoder.encode(data, level)
  return decodeNative(chunks, data, lzma2DictionarySize(level, data.length)).equals(data)
}

console.log(`seed ${firstSeed}`)
const level = fc.integer({ min: 0, max: 9 }).map(value => value as Lzma2Level)
for (let seed = firstSeed; Date.now() < until; seed++) {
  const property = fc.property(arbitraryInput(values.large ? 2 ** 22 : undefined), level, roundTrips)
  const { failed, counterexample, errorInstance } = fc.check(property, { seed, numRuns: RUNS })
  if (!failed || !counterexample) continue
  const [parts, failedLevel] = counterexample
  const file = `lzma2-failure-${seed}.bin`
  writeFileSync(file, buildInput(parts))
  console.error(
    `seed ${seed}, level ${failedLevel}, input saved to ${file}`,
    JSON.stringify(parts),
    errorInstance ?? '',
  )
  process.exit(1)
}
console.log(`${inputs} inputs, ${(bytes / 1e6).toFixed(0)} MB: all decoded to what they were`)
