import assert from 'node:assert/strict'
import { parseCacheInfo } from '../../../src/nix/index.ts'
import type { Target } from '../target.ts'

/** A `nix-cache-info` may say anything. */
export const target: Target = {
  about: 'nix-cache-info, which is never refused',
  seeds: () => ['StoreDir: /nix/store\nWantMassQuery: 1\nPriority: 40\n', 'Priority:-2147483648'],
  words: ['StoreDir', 'WantMassQuery', 'Priority', ':', '\n', '+', '2147483648'],
  run(input) {
    const info = parseCacheInfo(Buffer.from(input).toString())
    assert.ok(info.priority === (info.priority | 0))
    const { storeDir = '', priority, wantMassQuery } = info
    const line = info.storeDir === undefined ? '' : `StoreDir: ${storeDir}\n`
    assert.deepEqual(parseCacheInfo(`${line}Priority: ${priority}\nWantMassQuery: ${Number(wantMassQuery)}\n`), {
      ...info,
      priority: info.priority + 0,
    })
  },
}
