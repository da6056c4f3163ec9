import { describe, expect, it } from 'vitest'
import { parseCacheInfo } from '../../../src/nix/index.ts'

describe('parseCacheInfo', () => {
  it('reads that of cache.nixos.org', () => {
    expect(parseCacheInfo('StoreDir: /nix/store\nWantMassQuery: 1\nPriority: 40\n')).toEqual({
      storeDir: '/nix/store',
      wantMassQuery: true,
      priority: 40,
    })
  })

  it('says what holds where nothing is said', () => {
    expect(parseCacheInfo('')).toEqual({ wantMassQuery: false, priority: 0 })
    expect(parseCacheInfo('StoreDir: /nix/store\n')).toEqual({
      storeDir: '/nix/store',
      wantMassQuery: false,
      priority: 0,
    })
  })

  it('passes over white space, lines without a colon and names it does not know', () => {
    const text = '\n# comment\nStoreDir:/gnu/store \r\n\n\tUnknown: 1\nPriority:  \t+7\nWantMassQuery: 1\r'
    expect(parseCacheInfo(text)).toEqual({ storeDir: '/gnu/store', wantMassQuery: true, priority: 7 })
  })

  it('takes nothing but 1 for a yes, and the last of two', () => {
    for (const no of ['0', 'true', '', '11']) expect(parseCacheInfo(`WantMassQuery: ${no}`).wantMassQuery).toBe(false)
    expect(parseCacheInfo('Priority: 1\nPriority: -2\n').priority).toBe(-2)
  })

  it.each([
    ['-3', -3],
    ['4x', 4],
    ['4 0', 4],
    ['007', 7],
    ['0x10', 0],
    ['2147483647', 2147483647],
    ['2147483648', 0],
    ['99999999999', 0],
    ['high', 0],
    ['+-1', 0],
    ['', 0],
  ])('reads the priority %j as %i', (text, priority) => {
    expect(parseCacheInfo(`StoreDir: /nix/store\nPriority: ${text}\n`)).toEqual({
      storeDir: '/nix/store',
      priority,
      wantMassQuery: false,
    })
  })
})
