import assert from 'node:assert/strict'
import { formatRegistration, parseRegistration } from '../../../src/nix/index.ts'
import { outcomeNow } from '../oracles.ts'
import type { Target } from '../target.ts'
import { HASH, PATH } from './narinfo.ts'

const path = `/nix/store/${PATH}`

export const target: Target = {
  about: 'registrations of nix-store --load-db, held against our writer',
  seeds: () => [
    '',
    `${path}\n${HASH}\n120\n\n1\n${path}\n`,
    `${path}\n${'0'.repeat(64)}\n120\n${path}.drv\n0\n${path}-doc\n${HASH}\n7\n\n2\n${path}\n${path}-doc`,
  ],
  words: [path, HASH, '\n', '\n\n', '0', '1\n', '0'.repeat(64), '.drv'],
  run(input) {
    const text = Buffer.from(input).toString('latin1')
    const outcome = outcomeNow(() => parseRegistration(text))
    if (!('value' in outcome)) return
    const written = formatRegistration(outcome.value)
    assert.deepEqual(
      parseRegistration(written),
      outcome.value.map(({ deriver: _, ...rest }) => rest),
    )
  },
}
