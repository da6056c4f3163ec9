import { describe, expect, it } from 'vitest'
import {
  TAR_BLOCK_SIZE,
  TAR_RECORD_SIZE,
  tarEndSize,
  tarPaddedSize,
  tarPadding,
  writeZeros,
} from '../../../src/tar/index.ts'

describe('the layout of an archive', () => {
  it.each([
    [0, 0],
    [1, 511],
    [511, 1],
    [512, 0],
    [513, 511],
    [2 ** 40 + 1, 511],
  ])('pads %d bytes with %d', (size, padding) => {
    expect(tarPadding(size)).toBe(padding)
    expect(tarPaddedSize(size)).toBe(size + padding)
  })

  it.each([
    [0, 10240],
    [512, 9728],
    [10240 - 1024, 1024],
    [10240 - 512, 10240 + 512],
    [10240, 10240],
    [2 ** 33, 2048],
  ])('ends %d bytes with %d', (size, end) => {
    expect(tarEndSize(size)).toBe(end)
  })

  it('ends with two blocks at least, at a record', () => {
    for (let size = 0; size <= 3 * TAR_RECORD_SIZE; size += TAR_BLOCK_SIZE) {
      const end = tarEndSize(size)
      expect((size + end) % TAR_RECORD_SIZE).toBe(0)
      expect(end).toBeGreaterThanOrEqual(2 * TAR_BLOCK_SIZE)
      expect(end).toBeLessThan(TAR_RECORD_SIZE + 2 * TAR_BLOCK_SIZE)
    }
  })

  it('writes as many zeros as asked for', () => {
    const target = new Uint8Array(600).fill(1)
    writeZeros(target, 40, 512)
    writeZeros(target, 599, 0)
    expect(target.indexOf(0)).toBe(40)
    expect(target.filter(byte => byte === 0)).toHaveLength(512)
    expect(target[552]).toBe(1)
  })
})
