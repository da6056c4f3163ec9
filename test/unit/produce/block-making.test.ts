import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { blockCapacity, containerOf } from '../../../src/container/index.ts'
import { build } from '../../../src/index.ts'
import { type Batch, prepareImage } from '../../../src/plan/index.ts'
import { startThreads } from '../../../src/pool/index.ts'
import { assembleBlocks } from '../../../src/produce/assembling.ts'
import { startBlocks } from '../../../src/produce/block-making.ts'
import { createSizes, type Piece, packImage } from '../../../src/produce/packing.ts'
import { createBinaryCache } from '../../binary-cache.ts'
import { createChrootStore, storePathOf } from '../../chroot-store.ts'
import { bulk } from '../../nixos-store.ts'
import { temporaryFolder } from '../../temporary.ts'
import { sendFile, serve } from '../http/servers.ts'

/** Batches of some pieces and of one, which are packed and encoded by threads, up to so many at a time. */
async function prepare() {
  const store = createChrootStore(temporaryFolder())
  const roots = [5, 4, 6, 4, 5].map((size, i) => store.add(`path${i}`, bulk(size)))
  for (let i = 0; i < 5; i++) roots.push(store.add(`small${i}`, { contents: `${i}` }))
  const image = await prepareImage({ roots, source: store.source, format: 'tar.gz', level: 1, name: 'x' })
  const threads = startThreads(
    new URL('../../../src/produce/worker.ts', import.meta.url),
    3,
    new AbortController().signal,
  )
  onTestFinished(() => threads.stop())
  const { plan, container, compression } = image
  const piecesOf = (batches: readonly Batch[]) => {
    const { blockSize } = container
    const options = {
      packers: threads,
      lanes: 1,
      pieceSize: blockSize,
      slotSize: blockCapacity(blockSize),
      piecesAhead: 2,
      fetched: new SharedArrayBuffer(8),
      onMislabelling() {},
    }
    return packImage(plan, batches, options, createSizes(plan))
  }
  const encoding = (blocksAhead: number) => ({ encoders: threads, compression, blocksAhead })
  return { plan, blocks: containerOf(compression).blocks!, piecesOf, encoding }
}

describe('blocks from pieces in any order', () => {
  it('are the same file, however many are made at a time', async () => {
    const { plan, blocks, piecesOf, encoding } = await prepare()
    const { batches } = plan
    const fileOf = async (order: readonly Batch[], blocksAhead: number) => {
      const chunks: Buffer[] = []
      const parts = { batches, pieces: piecesOf(order), cached: undefined, repack: () => piecesOf([]) }
      for await (const { bytes } of assembleBlocks(parts, blocks, encoding(blocksAhead)))
        chunks.push(Buffer.from(bytes))
      return Buffer.concat(chunks)
    }
    const expected = await fileOf(batches, 4)
    expect(batches.length).toBeGreaterThan(5)
    const orders = fc.shuffledSubarray([...batches], { minLength: batches.length })
    await fc.assert(
      fc.asyncProperty(orders, fc.integer({ min: 1, max: 6 }), async (order, blocksAhead) => {
        expect((await fileOf(order, blocksAhead)).equals(expected)).toBe(true)
      }),
      { numRuns: 8 },
    )
  })

  it('end with the error of the pieces', async () => {
    const { plan, piecesOf, encoding } = await prepare()
    async function* broken(): AsyncGenerator<Piece> {
      for await (const piece of piecesOf(plan.batches)) {
        if (piece.place === plan.batches[2]) throw new Error('no more')
        yield piece
      }
    }
    const making = startBlocks(broken(), encoding(20))
    const read = async () => {
      for (const place of ['head', ...plan.batches] as const) for await (const _ of making.blocksOf(place));
    }
    expect(() => making.check()).not.toThrow()
    await expect(read()).rejects.toThrow('no more')
    // Those before it are not waited for.
    await making.ended
    expect(() => making.check()).toThrow('no more')
    await expect(making.blocksOf(plan.batches[0]).next()).rejects.toThrow('no more')
  })

  it('take no more pieces than are wanted', async () => {
    const { plan, piecesOf, encoding } = await prepare()
    let taken = 0
    let isLeft = false
    async function* counted(): AsyncGenerator<Piece> {
      try {
        for await (const piece of piecesOf(plan.batches)) {
          taken++
          yield piece
        }
      } finally {
        isLeft = true
      }
    }
    const making = startBlocks(counted(), encoding(2))
    for await (const _ of making.blocksOf('head'));
    await making.blocksOf(plan.batches[0]).next()
    await new Promise(resolve => setTimeout(resolve, 300))
    // The two that were given, and two ahead of them.
    expect(taken).toBe(4)
    making.stop()
    await making.ended
    expect(isLeft).toBe(true)
    expect(taken).toBe(4)
  })
})

it('reads the last store paths of an image by their sizes, the largest first', async () => {
  const cache = createBinaryCache(join(temporaryFolder(), 'cache'))
  const roots = ['a', 'b', 'c'].map(name => storePathOf(name)).sort()
  for (const [i, root] of roots.entries()) {
    const contents = 'x'.repeat((5 + i) * 1024 * 1024)
    cache.add(root.slice(root.indexOf('-') + 1), { contents }, { compression: 'none' })
  }
  const sizes: number[] = []
  const server = await serve((request, response) => {
    const file = readFileSync(join(cache.folder, request.url!))
    if (request.url!.startsWith('/nar/')) sizes.push(file.length)
    sendFile(request, response, { file })
  })
  const source = { ...cache.source, caches: [server.at('/').href] }
  const built = build({ roots, source, level: 0, name: 'x' }, { workers: 2, cache: false })
  for await (const _ of built.stream());
  expect(sizes).toHaveLength(3)
  expect(sizes).toEqual(sizes.toSorted((a, b) => b - a))
})
