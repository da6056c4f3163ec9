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

  it.each(['', 'high', '4 0', '1e3', '0x10', '99999999999'])('refuses the priority %j', priority => {
    expect(() => parseCacheInfo(`StoreDir: /nix/store\nPriority: ${priority}\n`)).toThrow(
      expect.objectContaining({ code: 'CACHE_INFO_INVALID', line: 2, input: priority }),
    )
  })
})
