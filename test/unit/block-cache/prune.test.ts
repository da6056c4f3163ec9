import { hash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, it, vi } from 'vitest'
import type { readEntry } from '../../../src/block-cache/entry-file.ts'
import { putBlock, putRecord, recordKey } from '../../../src/block-cache/index.ts'
import { DescriptorsError } from '../../../src/descriptors.ts'
import { openBlockCache } from '../../../src/index.ts'
import { temporaryFolder } from '../../temporary.ts'

const reads = vi.hoisted(() => ({ underWay: 0, most: 0, good: 0, failure: undefined as Error | undefined }))

vi.mock('../../../src/block-cache/entry-file.ts', async importOriginal => {
  const original = await importOriginal<{ readEntry: typeof readEntry }>()
  return {
    ...original,
    async readEntry(...args: Parameters<typeof readEntry>) {
      reads.most = Math.max(reads.most, ++reads.underWay)
      try {
        if (reads.failure && reads.good-- <= 0) throw reads.failure
        return await original.readEntry(...args)
      } finally {
        reads.underWay--
      }
    },
  }
})

let folder = ''
beforeEach(() => {
  folder = join(temporaryFolder(), 'cache')
  Object.assign(reads, { underWay: 0, most: 0, good: 0, failure: undefined })
})

async function fill(batches: number): Promise<void> {
  const cache = openBlockCache(folder)
  for (let i = 0; i < batches; i++) {
    const bytes = Buffer.from(`block ${i}`)
    const block = await putBlock(cache, bytes, { sha256: hash('sha256', bytes), uncompressedSize: 1, note: 0 })
    await putRecord(cache, recordKey(`${i}`), { blocks: [block!], tarSizes: [1] })
  }
}

it('opens a few records at a time, however many it removes', async () => {
  await fill(100)
  await openBlockCache(folder).prune({ maxSize: 0 })
  expect(readdirSync(folder)).toEqual([])
  expect(reads.most).toBeGreaterThan(0)
  expect(reads.most).toBeLessThanOrEqual(4)
})

it.each([0, 1, 2, 3])(
  'removes nothing where records cannot be opened for want of descriptors, after %i',
  async good => {
    await fill(3)
    const before = readdirSync(folder)
    reads.good = good
    reads.failure = new DescriptorsError('too many open files')
    await expect(openBlockCache(folder).prune({ maxSize: 100 })).rejects.toBe(reads.failure)
    expect(readdirSync(folder)).toEqual(before)
  },
)

it('takes records that cannot be opened for another reason for damaged ones', async () => {
  await fill(3)
  reads.failure = Object.assign(new Error('no permission'), { code: 'EACCES' })
  await openBlockCache(folder).prune({ maxSize: 0 })
  expect(readdirSync(folder)).toEqual([])
})
