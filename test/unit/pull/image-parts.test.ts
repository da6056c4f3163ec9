import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import type { ImageManifest } from '../../../src/index.ts'
import { partsOf } from '../../../src/pull/image-parts.ts'
import { sharedFolder } from '../../temporary.ts'
import { makeVersions } from './support.ts'

const versions = makeVersions(sharedFolder(), 3)

async function manifestOf(format: 'tar.xz' | 'tar.gz' | 'tar.zst'): Promise<ImageManifest> {
  const folder = await versions.publish(format, { format })
  return JSON.parse(readFileSync(join(folder, 'web.manifest.json'), 'utf8'))
}

it.each(['tar.xz', 'tar.gz', 'tar.zst'] as const)('a manifest tells all pieces of a %s', async format => {
  const manifest = await manifestOf(format)
  const parts = partsOf(manifest)
  expect(parts?.length).toBe(manifest.blocks.length + manifest.framing.length)
  expect(parts?.reduce((sum, { size }) => sum + size, 0)).toBe(manifest.artefacts[0].size)
})

describe('a manifest tells no pieces', () => {
  let manifest: ImageManifest
  beforeAll(async () => {
    manifest = await manifestOf('tar.xz')
  })

  it.each(['blocks', 'segments'] as const)('where all %s are said to have the whole tar', list => {
    const { tarSize } = manifest
    const parts = manifest[list].map(part => ({ ...part, tarOffset: 0, tarSize }))
    expect(partsOf({ ...manifest, [list]: parts })).toBeUndefined()
  })

  it.each(['blocks', 'segments'] as const)('where the %s end before the tar does', list => {
    const last = manifest[list].at(-1)!
    const parts = [...manifest[list].slice(0, -1), { ...last, tarSize: last.tarSize - 512 }]
    expect(partsOf({ ...manifest, [list]: parts })).toBeUndefined()
  })

  it('where a store path comes twice', () => {
    const { path: storePath } = manifest.storePaths[0]
    const segments = manifest.segments.map(segment => ({ ...segment, storePath }))
    expect(partsOf({ ...manifest, segments })).toBeUndefined()
  })
})
