import assert from 'node:assert/strict'
import { mergeChecksums, parseChecksums } from '../../../src/manifest/checksums.ts'
import type { Target } from '../target.ts'

const DIGEST = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'

/** A SHA256SUMS that lies there is taken over line by line, as far as it is one. */
export const target: Target = {
  about: 'SHA256SUMS as read back by builds: what is written has the one form of pull-tar, and stays',
  seeds: () => [
    `${DIGEST}  a.tar.xz\n${DIGEST} *b.nspawn\n`,
    `${DIGEST}  a\r\n${DIGEST}  ../b\n\n# no line\n${DIGEST}  c`,
  ],
  words: [DIGEST, '  ', ' *', '\n', '\r', '/', '__proto__', '\0', '\u2028'],
  run(input) {
    const previous = Buffer.from(input).toString()
    const artefacts = [{ file: 'a.tar.xz', size: 1, sha256: '0'.repeat(64) }]
    const others = parseChecksums(previous).filter(({ file }) => !file.startsWith('b'))
    const text = mergeChecksums(others, artefacts)
    // No line leads out of the folder. Names with a backslash, or what would end a line, are escaped.
    for (const line of text.split('\n').slice(0, -1)) {
      assert.match(line, /^[0-9a-f]{64} {2}[^/\\]|^\\[0-9a-f]{64} {2}[^/]/)
      assert.ok(
        !line
          .slice(line.indexOf('  ') + 2)
          .split('/')
          .includes('..'),
      )
    }
    assert.ok(text.endsWith('\n') && text.includes(`${'0'.repeat(64)}  a.tar.xz\n`))
    assert.equal(mergeChecksums(parseChecksums(text), artefacts), text)
  },
}
