import { describe, expect, it } from 'vitest'
import { KINDS, openTapes } from '../../../src/bench/real-bytes.ts'

const tapes = openTapes()
const SAMPLE = 1 << 16

describe.each(KINDS)('real bytes: %s', kind => {
  const { size, read } = tapes[kind]

  it('come again after the last, and not before', () => {
    expect(read(size, SAMPLE)).toEqual(read(0, SAMPLE))
    expect(read(2 * size - 10, 20)).toEqual(Buffer.concat([read(size - 10, 10), read(0, 10)]))
    const seen = new Set(Array.from({ length: size / SAMPLE }, (_, i) => read(i * SAMPLE, SAMPLE).toString('latin1')))
    // Zeros and the like may be in several places.
    expect(seen.size * SAMPLE).toBeGreaterThan(0.95 * size)
  })

  it('are the same wherever they are read from', () => {
    expect(read(SAMPLE - 5, 3 * SAMPLE).subarray(5, 15)).toEqual(read(SAMPLE, 10))
  })
})

describe('real bytes', () => {
  it('are many enough to be beyond what a compressor looks back at', () => {
    expect(tapes.code.size).toBeGreaterThan(16 << 20)
    expect(tapes.text.size).toBeGreaterThanOrEqual(16 << 20)
    expect(tapes.text.read(0, tapes.text.size).includes('function ')).toBe(true)
  })
})
