import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ClosureSize } from './closure/sets.ts'
import { cli } from './support/cli.ts'
import { closureOf } from './support/closures.ts'
import { CLOSURE_PROGRAMS, needsRoot } from './support/root.ts'
import { createScratch, type Scratch } from './support/scratch.ts'

const real = needsRoot(...CLOSURE_PROGRAMS)

const MB = 1e6

/** Tells at the end how much memory a process had at most: getrusage would count what its parent had, too. */
const REPORTER = `
import { readFileSync } from 'node:fs'
process.on('exit', () => {
  const [, kilobytes] = /^VmHWM:\\s+(\\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))
  process.stderr.write('\\npeak ' + kilobytes * 1024 + '\\n')
})`

describe.skipIf(real.skip)(`memory of a build${real.because}`, () => {
  let scratch: Scratch
  let reporter = ''
  beforeAll(() => {
    scratch = createScratch()
    reporter = join(scratch.folder, 'reporter.mjs')
    writeFileSync(reporter, REPORTER)
  })
  afterAll(() => scratch?.remove())

  it.each([
    ['tar.xz', ['--level', '1']],
    ['tar', []],
  ])('does not grow with the closure: %s', async (format, more) => {
    const small = await peakOf('small', format, more)
    const large = await peakOf('large', format, more)
    expect(large).toBeLessThan(700 * MB)
    // The large closure has 800 MB more. What the small one does not fill are the buffers between threads.
    expect(large - small, `${Math.round(small / MB)} MB became ${Math.round(large / MB)} MB`).toBeLessThan(250 * MB)
  })

  async function peakOf(size: ClosureSize, format: string, more: string[]): Promise<number> {
    const { link } = await closureOf(size)
    const args = ['build', '--toplevel', link, '--workers', '2', '--format', format, ...more]
    const env = { NODE_OPTIONS: `--import=${reporter}` }
    const { stderr } = await cli([...args, '--out', join(scratch.folder, 'out')], { env })
    return Number(/^peak (\d+)$/m.exec(stderr)?.[1])
  }
})
