import { expect, it } from 'vitest'
import { fuzz } from '../../fuzz/fuzz.ts'
import { loadTarget, TARGETS } from '../../fuzz/targets.ts'

/** Targets that run programs, or take long for an input. */
const SLOW = [
  'bzip2',
  'content-encoding',
  'image',
  'lz4',
  'lzip',
  'lzma',
  'lzma2',
  'nar-file',
  'openpgp-key',
  'tar',
  'xz',
  'zstd',
]

it.each(TARGETS)('the fuzz target %s runs, and finds nothing in some inputs', async name => {
  const target = await loadTarget(name)
  const failures: string[] = []
  const result = await fuzz(target, {
    seed: 1,
    goesOn: inputs => inputs < (SLOW.includes(name) ? 40 : 200),
    fails: (input, error) => failures.push(`${error.stack} for ${Buffer.from(input).toString('base64')}`),
  })
  expect(failures).toEqual([])
  expect(result.inputs).toBeGreaterThanOrEqual(40)
})
