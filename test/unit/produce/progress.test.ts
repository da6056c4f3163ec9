import { describe, expect, it } from 'vitest'
import { build, FORMATS, type Progress } from '../../../src/index.ts'
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
