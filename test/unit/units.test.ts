import { describe, expect, it } from 'vitest'
import { countKinds, formatBytes, formatSeconds, octalMode, signedBytes } from '../../src/units.ts'

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [1, '1 B'],
    [999, '999 B'],
    [1000, '1.00 kB'],
    [9_994, '9.99 kB'],
    [9_996, '10.0 kB'],
    [99_940, '99.9 kB'],
    [99_960, '100 kB'],
    [999_499, '999 kB'],
    [999_500, '1.00 MB'],
    [139_000_000, '139 MB'],
    [1.5e9, '1.50 GB'],
    [2e12, '2.00 TB'],
    [5e16, '50000 TB'],
  ])('%d is %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })
})

describe('formatSeconds', () => {
  it.each([
    [0, '0.0 s'],
    [4.24, '4.2 s'],
    [59.94, '59.9 s'],
    [59.96, '1 min 0 s'],
    [119.6, '2 min 0 s'],
    [200, '3 min 20 s'],
    [7261, '121 min 1 s'],
  ])('%d is %s', (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text)
  })
})

describe('signedBytes', () => {
  it.each([
    [0, '±0 B'],
    [5, '+5 B'],
    [-5, '−5 B'],
    [1_200_000, '+1.20 MB'],
    [-99_960, '−100 kB'],
  ])('%d is %s', (bytes, text) => {
    expect(signedBytes(bytes)).toBe(text)
  })
})

it('kinds are counted in the order in which they come', () => {
  expect(countKinds([{ kind: 'b' }, { kind: 'a' }, { kind: 'b' }])).toBe('2 b, 1 a')
  expect(countKinds([])).toBe('')
})

it('permission bits have four digits, or those that they need', () => {
  expect([0, 0o755, 0o4755, 0o100644].map(octalMode)).toEqual(['0000', '0755', '4755', '100644'])
})
