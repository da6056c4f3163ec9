import { describe, expect, it } from 'vitest'
import { compareSystemdVersions, isVersion } from '../../../src/systemd/index.ts'

/** Each newer than the one before; a list within is of versions that are the same age. */
const ORDERED = [
  '~1',
  ['', '_', '+,'],
  'ab',
  'abb',
  'abc',
  ['0', '000', '_0'],
  '0.1',
  ['1', '01'],
  ['1-1', '1-01'],
  '1.0',
  '1.1',
  '1.2.3',
  ['1_1', '1+1'],
  '122.1',
  '123~rc1-1',
  '123',
  '123-a',
  '123-a.1',
  '123-1',
  '123-1.1',
  '123^post1',
  '123.a-1',
  '123.1-1',
  '123a-1',
  '124',
  '2026-11-25',
  '2026-11-25.2',
  '2026-11-25.10',
  '2026-11-26',
  '2026-12-01',
  '9'.repeat(40),
  `1${'0'.repeat(40)}`,
]

describe('compareSystemdVersions', () => {
  const flat = ORDERED.flatMap((one, age) => [one].flat().map(text => ({ text, age })))

  it('orders versions by their age, whichever two', () => {
    for (const a of flat)
      for (const b of flat)
        expect(Math.sign(compareSystemdVersions(a.text, b.text)), `${a.text} and ${b.text}`).toBe(
          Math.sign(a.age - b.age),
        )
  })

  it('takes time that grows with the length alone', () => {
    const long = '1.'.repeat(200_000)
    expect(compareSystemdVersions(`${long}1`, `${long}2`)).toBe(-1)
    expect(compareSystemdVersions('_'.repeat(400_000), '')).toBe(0)
  })
})

describe('isVersion', () => {
  it.each(['1', '2026-11-25.2', 'v1.2_3+4', 'a,b', '-', '..1', 'x'.repeat(255)])('takes %s', text => {
    expect(isVersion(text)).toBe(true)
  })

  it.each(['', '.', '..', '1/2', '1~rc1', '1^1', '1 2', '1\n', 'ä', '1:2', 'x'.repeat(256)])('refuses %j', text => {
    expect(isVersion(text)).toBe(false)
  })
})
