import assert from 'node:assert/strict'
import { parseArtefacts } from '../../../src/manifest/manifest.ts'
import type { Target } from '../target.ts'

const artefact = {
  file: 'a.tar.xz',
  size: 12,
  sha256: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
}

export const target: Target = {
  about: 'manifests as read back by builds: what is no list of artefacts is none',
  seeds: () => [
    JSON.stringify({ version: 1, artefacts: [artefact, { ...artefact, file: 'b' }] }),
    '{"artefacts":[]}',
    '[]',
  ],
  words: ['"artefacts":', '[', ']', '{', '}', ',', 'null', '"file":', '"sha256":', '1e999', '{"length":1}'],
  run(input) {
    for (const { file, size, sha256 } of parseArtefacts(Buffer.from(input).toString())) {
      assert.deepEqual([typeof file, typeof size, typeof sha256], ['string', 'number', 'string'])
    }
  },
}
