import { readdirSync, readFileSync } from 'node:fs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { parseStorePathBaseName } from '../../../src/nix/index.ts'
import { startCoverage } from '../../fuzz/coverage.ts'
import { fuzz } from '../../fuzz/fuzz.ts'
import { fuzzWatched } from '../../fuzz/watch.ts'
import { temporaryFolder } from '../../temporary.ts'

describe('fuzzing in a process', () => {
  afterEach(() => vi.unstubAllEnvs())

  const fuzzPlanted = async (planted: string, failures: string) => {
    vi.stubEnv('PLANTED', planted)
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const url = new URL('./planted.ts', import.meta.url).href
    const limits = { timeMax: 1000, memoryMax: 512 * 1024 ** 2 }
    return await fuzzWatched({ name: 'planted', url, seed: 1, time: 2000, failures, ...limits })
  }

  it.each(['throws', 'hangs', 'dies', 'takes all memory'])('keeps the input of a decoder that %s', async planted => {
    const failures = temporaryFolder()
    expect((await fuzzPlanted(planted, failures)).failures).toBeGreaterThan(0)
    const [file] = readdirSync(failures)
    expect(readFileSync(`${failures}/${file}`, 'latin1')).toContain('bad')
  })

  it('goes on in another one if a decoder has kept some memory of each input', async () => {
    expect(await fuzzPlanted('keeps memory', temporaryFolder())).toMatchObject({ failures: 0 })
  })
})

describe('fuzzing', () => {
  it('keeps inputs that reach more code', async () => {
    const coverage = startCoverage()
    const seen: number[] = []
    const target = {
      about: '',
      seeds: () => ['zmc9dr7wphrk8jcf64wsdqwqmm5dpn92-a'],
      run(input: Uint8Array) {
        seen.push(input.length)
        try {
          parseStorePathBaseName(Buffer.from(input).toString())
        } catch {
          // It is the code that is looked at.
        }
      },
    }
    try {
      const run = () => fuzz(target, { seed: 1, coverage, goesOn: inputs => inputs < 1000, fails: () => {} })
      expect((await run()).corpus).toBeGreaterThan(2)
    } finally {
      coverage.close()
    }
    // Without, all inputs are made of the seeds.
    expect((await fuzz(target, { seed: 1, goesOn: inputs => inputs < 1000, fails: () => {} })).corpus).toBe(1)
  })

  it('leaves out of an input that fails what can be left out, and tells each kind of failure once', async () => {
    const failed: string[] = []
    const run = (input: Uint8Array) => {
      if (Buffer.from(input).includes('bad')) throw new Error('bad')
    }
    await fuzz(
      { about: '', seeds: () => [`${'x'.repeat(100)}bad${'y'.repeat(1000)}`], run },
      { seed: 1, goesOn: inputs => inputs < 1000, fails: input => failed.push(Buffer.from(input).toString()) },
    )
    expect(failed).toEqual(['bad'])
  })
})
