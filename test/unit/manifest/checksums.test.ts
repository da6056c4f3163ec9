import { describe, expect, it } from 'vitest'
import { mergeChecksums, parseChecksums } from '../../../src/manifest/checksums.ts'

const [ONE, TWO, THREE] = ['1', '2', '3'].map(digit => digit.repeat(64)) as [string, string, string]
const artefact = (file: string, sha256 = ONE) => ({ file, size: 0, sha256 })

describe('mergeChecksums', () => {
  it('writes the one form that every systemd finds', () => {
    expect(mergeChecksums([], [artefact('b.tar.xz', ONE), artefact('a.nspawn', TWO)])).toBe(
      `${TWO}  a.nspawn\n${ONE}  b.tar.xz\n`,
    )
  })

  it('keeps what it says of other files, in whatever form it was, and replaces what it said of its own', () => {
    const previous = `${TWO} *binary\n${TWO}  own\n${THREE}  with space\n${THREE}  unended`
    expect(mergeChecksums(parseChecksums(previous), [artefact('own')])).toBe(
      `${TWO}  binary\n${ONE}  own\n${THREE}  unended\n${THREE}  with space\n`,
    )
  })

  it('drops what is no line at all', () => {
    const previous = [
      ...[`${TWO}  ../outside`, `${TWO} single-space`, `${TWO.slice(1)}  short`, '', '# comment'],
      `${'A'.repeat(64)}  upper-case`,
    ].join('\n')
    expect(mergeChecksums(parseChecksums(previous), [artefact('own')])).toBe(`${ONE}  own\n`)
  })

  it('is the same again when nothing changed', () => {
    const once = mergeChecksums(parseChecksums(`${TWO}  other\n`), [artefact('own')])
    expect(mergeChecksums(parseChecksums(once), [artefact('own')])).toBe(once)
  })
})
