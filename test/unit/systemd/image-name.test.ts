import { describe, expect, it } from 'vitest'
import { checkImageName, machineNameOf } from '../../../src/systemd/index.ts'

describe('checkImageName', () => {
  it.each([
    ...['nixos', 'a', '0', 'x.y', 'A-b.c-D', 'a--b', 'nixos-system-x86_64-linux', 'a_b', '1.2.3', 'x'.repeat(64)],
  ])('takes %s', name => {
    expect(checkImageName(name)).toBe(name)
  })

  it.each([
    ...['', '-', '_', '.', '..', '-a', 'a-', '_a', 'a_', '.a', 'a.', 'a..b', 'a.-b', 'a-.b', 'a b', 'a/b', '../a'],
    ...['.#a', 'a\n', '\na', 'a\0', 'ä', 'a+b', 'a@b', 'a:b', 'x'.repeat(65), 'a\\b', '%n', '\u0661', 'a\u200d'],
  ])('refuses %j', name => {
    expect(() => checkImageName(name)).toThrow(expect.objectContaining({ code: 'IMAGE_NAME_INVALID' }))
  })
})

describe('machineNameOf', () => {
  it('is a name that every systemd takes', () => {
    expect(machineNameOf('nixos-system-x86_64-linux')).toBe('nixos-system-x86-64-linux')
    expect(machineNameOf('a_b_c')).toBe('a-b-c')
    expect(machineNameOf('plain')).toBe('plain')
  })
})
