import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineImage, type ImageDeclaration, SpecError } from '../../../src/spec/index.ts'
import { parseYaml } from '../../../src/spec/yaml.ts'
import { outcomeNow } from '../oracles.ts'
import type { Target } from '../target.ts'
import { DECLARATIONS, YAML_WORDS } from './yaml.ts'

const folder = mkdtempSync(join(tmpdir(), 'nspawn-rootfs-fuzz-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

/** Kept to an empty folder: a declaration may name any file. */
const options = { folder, restrict: { folder }, set: { PORT: '1' } }

export const target: Target = {
  about: 'declarations, which become a spec or are refused with all that is wrong',
  seeds: () => DECLARATIONS,
  words: YAML_WORDS,
  async run(input) {
    const text = Buffer.from(input).toString()
    const read = outcomeNow(() => parseYaml(text, 'image.yaml').value)
    if (!('value' in read)) return
    try {
      const spec = await defineImage(read.value as ImageDeclaration, options)
      assert.equal(typeof spec.name, 'string')
    } catch (error) {
      if (!(error instanceof SpecError)) throw error
      assert.ok(error.problems.length > 0 && error.problems.length <= 101)
      for (const { message } of error.problems) assert.doesNotMatch(message, /\[object |undefined/)
      assert.ok(error.message.length < 100_000, `a message of ${error.message.length} characters`)
    }
  },
}
