import { describe, expect, it } from 'vitest'
import { checkSettings } from '../../../src/systemd/index.ts'

describe('checkSettings', () => {
  it('takes text of up to a mebibyte, unchanged', () => {
    const settings = new Uint8Array(1024 * 1024).fill(0x0a)
    expect(checkSettings(settings)).toBe(settings)
    expect(checkSettings(new Uint8Array(0))).toHaveLength(0)
  })

  it.each([
    ['a byte more', new Uint8Array(1024 * 1024 + 1).fill(0x0a)],
    ['a NUL', new TextEncoder().encode('[Exec]\0\n')],
  ])('refuses %s', (_, settings) => {
    expect(() => checkSettings(settings)).toThrow(expect.objectContaining({ code: 'SETTINGS_INVALID' }))
  })
})
