import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { mergeChecksums, parseChecksums } from '../../../src/manifest/checksums.ts'
import { temporaryFolder } from '../../temporary.ts'

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

  it('drops what is no line at all, or of no file in the folder', () => {
    const previous = [
      ...[`${TWO}  ../outside`, `${TWO} single-space`, `${TWO.slice(1)}  short`, '', '# comment', `${TWO}  `],
      ...[`${TWO}  sub/../../outside`, `${TWO}  /outside`, `${TWO}  .`, `${TWO}  a\0b`, `\\${TWO}  bad\\escape`],
      ...[`SHA1 (other) = ${TWO.slice(24)}`, `sha256 (other) = ${TWO}`],
    ].join('\n')
    expect(mergeChecksums(parseChecksums(previous), [artefact('own')])).toBe(`${ONE}  own\n`)
  })

  it('is the same again when nothing changed', () => {
    const once = mergeChecksums(parseChecksums(`${TWO}  other\n`), [artefact('own')])
    expect(mergeChecksums(parseChecksums(once), [artefact('own')])).toBe(once)
  })
})

describe('each spelling that sha256sum accepts', () => {
  const digest = createHash('sha256').update('text').digest('hex')
  const upper = digest.toUpperCase()
  it.each<[string, string, string]>([
    ['digits of upper case', `${upper}  own file`, 'own file'],
    ['binary', `${digest} *own file`, 'own file'],
    ['from this folder', `${digest}  ./own file`, 'own file'],
    ['in another folder', `${digest}  sub/file`, 'sub/file'],
    ['in another folder, with more slashes', `${digest}  .//sub/.//file`, 'sub/file'],
    ['indented', ` \t${digest}  own file`, 'own file'],
    ['a tab', `${digest}\t own file`, 'own file'],
    ['with CRLF', `${digest}  own file\r`, 'own file'],
    ['reversed BSD', `${digest} own file`, 'own file'],
    ['reversed BSD, with a space at the beginning of a later name', `${digest} own file\n${digest}  space`, ' space'],
    ['BSD', `SHA256 (own file) = ${upper}`, 'own file'],
    ['OpenSSL', `SHA256(own file)= ${digest}`, 'own file'],
    ['BSD, with parentheses', `SHA256 (a) = (b) = ${digest}`, 'a) = (b'],
    ['escaped', `\\${digest}  back\\\\slash\\nline`, 'back\\slash\nline'],
    ['escaped BSD', `\\SHA256 (back\\\\slash\\nline) = ${digest}`, 'back\\slash\nline'],
    ['a backslash that is no escape', `${digest}  back\\nline`, 'back\\nline'],
  ])('%s', (_, line, file) => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'sub'))
    writeFileSync(join(folder, file), 'text')
    writeFileSync(join(folder, 'own file'), 'text')
    const accepts = (text: string) => {
      writeFileSync(join(folder, 'SHA256SUMS'), text)
      execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: folder })
    }
    accepts(`${line}\n`)
    const parsed = parseChecksums(`${line}\n`)
    expect(parsed.at(-1)).toEqual({ file, sha256: digest })
    const text = mergeChecksums(parsed, [])
    accepts(text)
    expect(parseChecksums(text)).toEqual(parsed.toSorted((a, b) => (a.file < b.file ? -1 : 1)))
  })
})
