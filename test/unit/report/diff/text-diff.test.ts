import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeTextFile, TEXT_MAX, unifiedDiff, withoutDigests } from '../../../../src/report/diff/text-diff.ts'
import { needs } from '../../../programs.ts'
import { temporaryFolder } from '../../../temporary.ts'

const git = needs('git')

const text = fc
  .array(fc.constantFrom('a', 'b', 'c', '', ' x', '-y', '+z', '\\', '@@ -1 +1 @@', 'é\r', '\t'), { maxLength: 30 })
  .chain(lines => fc.constantFrom('', '\n').map(end => lines.join('\n') + (lines.length > 0 ? end : '')))

describe('unified differences', () => {
  it.skipIf(git.skip)(`are applied by git${git.because}`, () => {
    const folder = temporaryFolder()
    const file = join(folder, 'file')
    fc.assert(
      fc.property(text, text, (before, after) => {
        fc.pre(before !== after)
        writeFileSync(file, before)
        const patch = `--- a/file\n+++ b/file\n${unifiedDiff(before, after)}\n`
        execFileSync('git', ['apply', '--whitespace=nowarn', '-'], { cwd: folder, input: patch })
        expect(readFileSync(file, 'utf8')).toBe(after)
      }),
      { numRuns: 60 },
    )
  })

  it('are given up where too much differs', () => {
    const lines = (end: string) => Array.from({ length: 5000 }, (_, i) => `${i}${end}\n`).join('')
    expect(unifiedDiff(lines('a'), lines('b'))).toBeUndefined()
    // All of both that is looked at, without a line in common, and with many of one kind.
    const half = '\n'.repeat(TEXT_MAX / 2)
    expect(unifiedDiff(`${'a\n'.repeat(TEXT_MAX / 4)}${half}`, `${half}${'b\n'.repeat(TEXT_MAX / 4)}`)).toBeUndefined()
  })
})

describe('texts', () => {
  it('are told from binary files', () => {
    expect(decodeTextFile(Buffer.from('Grüße\n'))).toBe('Grüße\n')
    expect(decodeTextFile(Buffer.from('\ufeffx'))).toBe('\ufeffx')
    expect(decodeTextFile(Buffer.from('a\0b'))).toBeUndefined()
    expect(decodeTextFile(Buffer.from([0xff, 0x41]))).toBeUndefined()
  })

  it('have digests of store paths taken out', () => {
    const digest = 'x5khghl4y6a53fnwvynpcdaabsfw79m0'
    expect(withoutDigests(`a /nix/store/${digest}-a-1 ${digest}-b`)).toBe(`a /nix/store/-a-1 ${digest}-b`)
  })
})
