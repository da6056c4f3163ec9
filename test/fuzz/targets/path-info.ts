import assert from 'node:assert/strict'
import { type PathInfo, parsePathInfoJson } from '../../../src/nix/index.ts'
import { outcomeNow } from '../oracles.ts'
import type { Target } from '../target.ts'
import { HASH, PATH } from './narinfo.ts'

const path = `/nix/store/${PATH}`
const SRI = `sha256-${'A'.repeat(43)}=`
const info = { narHash: SRI, narSize: 120, references: [path], deriver: `${path}.drv`, ca: null, signatures: ['a:b'] }
const named = {
  ...{ narHash: { algorithm: 'sha256', format: 'base64', hash: `${'A'.repeat(43)}=` }, narSize: 0, references: [PATH] },
  ...{ ca: { method: 'nar', hash: SRI }, signatures: [{ keyName: 'a', sig: 'b' }], deriver: '' },
}

/** Writes records as Nix up to 2.18 does. */
function format(infos: readonly PathInfo[]): string {
  return JSON.stringify(
    infos.map(({ path, references, deriver, ...rest }) => ({
      ...rest,
      path: path.path,
      references: references.map(({ path }) => path),
      ...(deriver && { deriver: deriver.path }),
    })),
  )
}

export const target: Target = {
  about: 'nix path-info --json of all versions, held against a writer',
  seeds: () =>
    [
      [{ path, ...info, narHash: HASH }],
      { [path]: info, [`${path}-doc`]: { ...info, narHash: `sha256:${'A'.repeat(43)}=` } },
      { version: 2, storeDir: '/nix/store', info: { [PATH]: { ...named, signatures: [] } } },
      { version: 3, storeDir: '/nix/store', info: { [PATH]: named, [`${PATH}-doc`]: { ...named, ca: null } } },
      { [path]: null },
    ].map(value => JSON.stringify(value)),
  words: [
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    'null',
    'true',
    '"valid":false',
    '{"toString":1}',
    '"version":2',
    '""',
    '\\u0000',
    path,
  ],
  run(input) {
    const outcome = outcomeNow(() => parsePathInfoJson(Buffer.from(input).toString()))
    if (!('value' in outcome)) return
    const [first] = outcome.value
    if (first) assert.deepEqual(parsePathInfoJson(format(outcome.value), first.path.storeDir), outcome.value)
  },
}
