import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type BlockCache, build, openBlockCache } from '../../../src/index.ts'
import { createMemoryPool } from '../../../src/produce/memory-pool.ts'
import { bulk, createNixosStore } from '../../nixos-store.ts'
import { temporaryFolder } from '../../temporary.ts'

describe('a pool of memory', () => {
  it('gives what was given back, and never what is in use', () => {
    const pool = createMemoryPool()
    const first = pool.take(1000)
    const second = pool.take(1000)
    expect([first.length, second.length]).toEqual([1000, 1000])
    expect(second.buffer).not.toBe(first.buffer)
    // A part of it is all that a block may be.
    pool.giveBack(first.subarray(32))
    expect(pool.take(900).buffer).toBe(first.buffer)
    expect(pool.take(900).buffer).not.toBe(second.buffer)
  })

  it('gives the smallest that is large enough', () => {
    const pool = createMemoryPool()
    const sizes = [300, 3000, 30000]
    const taken = sizes.map(pool.take)
    taken.toReversed().forEach(pool.giveBack)
    expect(pool.take(2000).buffer).toBe(taken[1].buffer)
    expect(pool.take(2000).buffer).toBe(taken[2].buffer)
  })

  it('holds as many buffers as were taken at a time, whatever their sizes', () => {
    const pool = createMemoryPool()
    const buffers = new Set<ArrayBufferLike>()
    const round = (size: number) => {
      const taken = [pool.take(size), pool.take(size)]
      for (const { buffer } of taken) buffers.add(buffer)
      taken.forEach(pool.giveBack)
    }
    for (const size of [10, 100_000, 20, 70_000, 50, 90_000]) round(size)
    expect(buffers.size).toBe(4)
  })

  it('takes nothing from elsewhere, and nothing twice', () => {
    const pool = createMemoryPool()
    const foreign = new Uint8Array(1000)
    pool.giveBack(foreign)
    expect(pool.take(1000).buffer).not.toBe(foreign.buffer)
    const own = pool.take(1000)
    pool.giveBack(own)
    pool.giveBack(own)
    expect(pool.take(1000).buffer).toBe(own.buffer)
    expect(pool.take(1000).buffer).not.toBe(own.buffer)
  })
})

describe('blocks from a cache', () => {
  it('come in the memory of a few, which lasts until the reader has done with it', async () => {
    const folder = temporaryFolder()
    const { add, toplevel, source } = createNixosStore(folder)
    const roots = Array.from({ length: 12 }, (_, i) => add(`part${i}`, bulk(5 + (i % 3))))
    const local = openBlockCache(join(folder, 'cache'))
    const spec = { toplevel, roots, source, format: 'tar.zst', level: 0, name: 'x' } as const
    const cold = await build(spec, { workers: 2, cache: local }).toFolder(join(folder, 'out'))

    const buffers = new Set<ArrayBufferLike>()
    let blocks = 0
    const cache: BlockCache = {
      ...local,
      get: (key, room) =>
        local.get(
          key,
          room &&
            (size => {
              const memory = room(size)
              buffers.add(memory.buffer)
              blocks++
              return memory
            }),
        ),
    }
    const hash = createHash('sha256')
    const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
    const warm = await build(spec, { workers: 2, cache }).writeTo(async bytes => {
      const before = digestOf(bytes)
      await setTimeout(20)
      expect(digestOf(bytes)).toBe(before)
      hash.update(bytes)
    })
    expect(hash.digest('hex')).toBe(cold.sha256)
    expect(warm.sha256).toBe(cold.sha256)
    expect(warm.cachedNarSize).toBe(warm.narSize)
    expect(blocks).toBeGreaterThan(11)
    expect(buffers.size).toBeLessThan(9)
  })
})
