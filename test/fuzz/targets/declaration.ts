import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { define, SpecError } from '../../../src/spec/index.ts'
import type { Target } from '../target.ts'
import { DECLARATIONS, YAML_WORDS } from './yaml.ts'

const folder = mkdtempSync(join(tmpdir(), 'nspawn-rootfs-fuzz-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

/** Kept to a folder that holds nothing else: a declaration may name any file. */
const file = join(folder, 'image.yaml')
const options = { restrict: { folder } }

export const target: Target = {
  about: 'declarations, which become a spec or are refused with all that is wrong',
  seeds: () => DECLARATIONS,
  words: YAML_WORDS,
  async run(input) {
    writeFileSync(file, input)
    try {
      const spec = await define(file, options)
      assert.equal(typeof spec.name, 'string')
    } catch (error) {
      if (!(error instanceof SpecError)) throw error
      assert.ok(error.problems.length > 0 && error.problems.length <= 101)
      for (const { message } of error.problems) assert.doesNotMatch(message, /\[object |undefined/)
      assert.ok(error.message.length < 100_000, `a message of ${error.message.length} characters`)
    }
  },
}
