import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { narHashFromBytes } from '../../../src/nix/index.ts'
import { encodeNarStrings, narPadding } from '../../../src/nix/nar.ts'
import { narOfTree } from './nar-support.ts'

describe('the strings of a NAR', () => {
  it('have a length of 64 bits and zeros up to a multiple of 8', () => {
    expect(Buffer.from(encodeNarStrings('(', '', '12345678', '\xff23456789')).toString('hex')).toBe(
      ['0100000000000000', '2800000000000000', '0000000000000000', '0800000000000000', '3132333435363738']
        .concat('0900000000000000', 'ff32333435363738', '3900000000000000')
        .join(''),
    )
    expect([0, 1, 7, 8, 9, 2 ** 53 - 1].map(narPadding)).toEqual([0, 7, 1, 0, 7, 1])
  })
})

it('a tree has the NAR hash that Nix 2.8 computed for it', () => {
  const nar = narOfTree({
    children: {
      'a b': { contents: 'hello\n', executable: true },
      empty: { contents: '' },
      lib: { children: { 'not-utf8-\xff': { contents: '12345678' }, up: { symlink: '../empty' } } },
    },
  })
  const digest = createHash('sha256').update(nar).digest()
  expect(nar.length).toBe(1064)
  expect(narHashFromBytes(digest)).toBe('sha256:1zf8xi9bkg22i3rn1giy7aj2y6524h913ha5k5iy2diqysa478ij')
})
