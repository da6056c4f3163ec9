import assert from 'node:assert/strict'
import { parseStorePath, parseStorePathBaseName } from '../../../src/nix/index.ts'
import { outcomeNow } from '../oracles.ts'
import type { Target } from '../target.ts'
import { PATH } from './narinfo.ts'

export const target: Target = {
  about: 'store paths and their base names, held against each other',
  seeds: () => [PATH, `${PATH}.drv`, `/nix/store/${PATH}`, `${'0'.repeat(32)}-${'a'.repeat(211)}`],
  words: ['/nix/store/', '-', '.', '..-', '?=', '/', '\n', PATH],
  run(input) {
    const text = Buffer.from(input).toString()
    const base = outcomeNow(() => parseStorePathBaseName(text))
    const whole = outcomeNow(() => parseStorePath(`/nix/store/${text}`))
    assert.deepEqual('value' in base ? base.value : undefined, 'value' in whole ? whole.value : undefined)
    if ('value' in base) assert.match(text, /^[0-9a-df-np-su-z]{32}-[0-9a-zA-Z+\-._?=]{1,211}$/)
    outcomeNow(() => parseStorePath(text))
    const [, folder = ''] = /^(.*)\/[^/]*$/s.exec(text) ?? []
    const elsewhere = outcomeNow(() => parseStorePath(text, folder))
    if ('value' in elsewhere) assert.equal(elsewhere.value.path, text)
  },
}
