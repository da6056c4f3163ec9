import assert from 'node:assert/strict'
import { parseUnitFile, readUnitFile, readWords } from '../../../src/systemd/index.ts'
import { splitWords } from '../../../src/systemd/unit-file.ts'
import { outcomeNow } from '../oracles.ts'
import type { Target } from '../target.ts'

export const target: Target = {
  about: 'unit files and the words in them, held against a writer',
  seeds: () => [
    '[Unit]\nDescription=a unit\n\n[Service]\nExecStart=/bin/sh -c "echo \'a b\'" \\\n# comment\n  more\n',
    '[X-Own]\nanything at all\n[Install]\nWantedBy = multi-user.target\r\nAlias=\r\n',
    '; comment\n[A]\nb=c\\\\\nd=e\\',
  ],
  words: ['[Unit]\n', '[Install]\n', '=', '\\\n', '#', ';', '"', "'", '\r', '\0', '\ufeff', '\\', ' ', '\t'],
  run(input) {
    const text = Buffer.from(input).toString()
    const outcome = outcomeNow(() => parseUnitFile(text))
    assert.deepEqual(readUnitFile(text), 'value' in outcome ? outcome.value : [])
    if (!('value' in outcome)) return
    const meant = outcome.value.map(({ line: _, ...rest }) => rest)
    for (const { value } of meant) {
      const words = outcomeNow(() => splitWords(value, 'value'))
      readWords(value)
      if (!('value' in words) || words.value.some(word => /["']/.test(word))) continue
      assert.deepEqual(splitWords(words.value.map(word => `"${word}"`).join(' '), 'value'), words.value)
    }
    const written = meant.map(({ section, key, value }) => `[${section}]\n${key}=${value}\n`).join('')
    // A comment, a section, or a line that goes on, is what such a line would be.
    if (meant.some(({ section, key, value }) => /^[#;[]/.test(key) || /\\$/.test(value) || /\\$/.test(section))) return
    assert.deepEqual(
      parseUnitFile(written).map(({ line: _, ...rest }) => rest),
      meant,
    )
  },
}
