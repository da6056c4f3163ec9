import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ClosureSize } from './closure/sets.ts'
import { cli } from './support/cli.ts'
import { closureOf } from './support/closures.ts'
import { createMemoryMeter, MB, MEMORY_MAX, type MemoryMeter } from './support/memory.ts'
import { CLOSURE_PROGRAMS, needsRoot } from './support/root.ts'
import { createScratch, type Scratch } from './support/scratch.ts'

const real = needsRoot(...CLOSURE_PROGRAMS)

describe.skipIf(real.skip)(`memory of a build${real.because}`, () => {
  let scratch: Scratch
  let meter: MemoryMeter
  beforeAll(() => {
    scratch = createScratch()
    meter = createMemoryMeter(scratch.folder)
  })
  afterAll(() => scratch?.remove())

  // The encoder's memory does not depend on what it encodes; level 6, which needs most, is in caches.test.ts.
  it.each([
    ['tar.xz', ['--level', '0']],
    ['tar', []],
  ])('does not grow with the closure: %s', async (format, more) => {
    const small = await peakOf('small', format, more)
    const large = await peakOf('large', format, more)
    expect(large).toBeLessThan(MEMORY_MAX)
    // The large closure has 800 MB more. What the small one does not fill are the buffers between threads.
    expect(large - small, `${Math.round(small / MB)} MB became ${Math.round(large / MB)} MB`).toBeLessThan(250 * MB)
  })

  async function peakOf(size: ClosureSize, format: string, more: string[]): Promise<number> {
    const { link } = await closureOf(size)
    const args = ['build', '--toplevel', link, '--workers', '2', '--format', format, ...more]
    const { stderr } = await cli([...args, '--out', join(scratch.folder, 'out')], { env: meter.env })
    return meter.peak(stderr)
  }
})
