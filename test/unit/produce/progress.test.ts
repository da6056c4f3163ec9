import { describe, expect, it } from 'vitest'
import { build, FORMATS, type Progress } from '../../../src/index.ts'
import type { ImagePlan, StoreSegment } from '../../../src/plan/index.ts'
import type { FinishedBlock } from '../../../src/produce/assembling.ts'
import { createProgress } from '../../../src/produce/progress.ts'
import { createChrootStore } from '../../chroot-store.ts'
import { bulk, createNixosStore } from '../../nixos-store.ts'
import { temporaryFolder } from '../../temporary.ts'

describe.each(FORMATS)('progress of %s', format => {
  it('never goes back, and ends at the total', async () => {
    const store = createNixosStore(temporaryFolder())
    store.add('large', bulk(20))
    const told: Progress[] = []
    const spec = { source: store.source, toplevel: store.toplevel, format, level: 0 }
    const { narSize } = await build(spec)
      .on('progress', progress => told.push(progress))
      .writeTo(async () => {})
    expect(told.length).toBeGreaterThan(3)
    expect(told.every(({ bytesTotal }) => bytesTotal === narSize)).toBe(true)
    for (const [i, { bytesDone }] of told.entries()) {
      expect(bytesDone).toBeGreaterThanOrEqual(told[i - 1]?.bytesDone ?? 0)
      expect(bytesDone).toBeLessThanOrEqual(narSize)
    }
    expect(told.at(-1)).toMatchObject({ bytesDone: narSize, path: undefined })
    const paths = new Set(told.map(({ path }) => path))
    expect(paths.size).toBeGreaterThan(1)
  })

  it('is told of an image without a store path', async () => {
    const { source } = createChrootStore(temporaryFolder())
    const told: Progress[] = []
    await build({ source, format })
      .on('progress', progress => told.push(progress))
      .writeTo(async () => {})
    expect(told.at(-1)).toEqual({ bytesDone: 0, bytesTotal: 0, path: undefined })
  })
})

describe('the progress of what is fetched', () => {
  /** Batches of one NAR file each, and how often one of them was looked at. */
  function countedBatches(length: number) {
    const looks = { count: 0 }
    const batches = Array.from({ length }, (_, i) => {
      const segment = { path: { path: `${i}` }, narSize: 1000, contents: { type: 'nar', file: { fileSize: 500 } } }
      const segments = [segment] as unknown as readonly StoreSegment[]
      return {
        first: i,
        get segments() {
          looks.count++
          return segments
        },
      }
    })
    return { batches, looks }
  }

  it('counts each file once, and not at each step', () => {
    const { batches, looks } = countedBatches(500)
    const told: Progress[] = []
    const fetching = { count: new SharedArrayBuffer(8), missing: [...batches] }
    const progress = createProgress({ batches } as unknown as ImagePlan, fetching, step => told.push(step))
    const segments = batches.map(batch => batch.segments[0])
    looks.count = 0
    for (const segment of segments) progress.onBlock({ segment, size: 1, uncompressedSize: 1 } as FinishedBlock)
    progress.onTick!()
    expect(told).toHaveLength(502)
    expect(new Set(told.map(({ fetched }) => fetched!.bytesTotal))).toEqual(new Set([250_000]))
    expect(looks.count).toBe(0)
    // The cache has all but ten, and then lacks three after all.
    fetching.missing = batches.slice(0, 10)
    progress.onTick!()
    for (const batch of batches.slice(10, 13)) {
      fetching.missing.push(batch)
      progress.onTick!()
    }
    expect(told.slice(-4).map(({ fetched }) => fetched!.bytesTotal)).toEqual([5000, 5500, 6000, 6500])
    expect(looks.count).toBe(13)
    fetching.missing = []
    progress.onTick!()
    expect(told.at(-1)).not.toHaveProperty('fetched')
  })
})
