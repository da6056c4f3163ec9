import { setTimeout } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { BlockCache } from '../../../src/block-cache/index.ts'
import type { Batch, ImagePlan, PreparedImage } from '../../../src/plan/index.ts'
import { lookUpBatches } from '../../../src/produce/cached-batches.ts'
import { createSizes } from '../../../src/produce/packing.ts'

it('asks a cache for 16 batches at a time', async () => {
  const keys = new Set<string>()
  let underWay = 0
  let most = 0
  const cache: BlockCache = {
    async get(key) {
      keys.add(key)
      most = Math.max(most, ++underWay)
      await setTimeout(1)
      underWay--
      return undefined
    },
    put: async () => false,
  }
  const batches = Array.from({ length: 200 }, (_, first) => {
    const segment = {
      path: { path: `/nix/store/${first}` },
      narHash: 'sha256:x',
      narSize: 1,
      contents: { type: 'files' },
    }
    return { first, segments: [segment] } as unknown as Batch
  })
  const image = { compression: { format: 'tar.xz' }, container: { blockSize: 1, description: '' } }
  const { records } = await lookUpBatches(cache, batches, image as unknown as PreparedImage, {
    sizes: createSizes({ batches } as unknown as ImagePlan),
    room: size => new Uint8Array(size),
    verify: undefined,
  })
  expect([records.size, keys.size, most]).toEqual([0, 200, 16])
})
