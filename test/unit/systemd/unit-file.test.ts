import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseUnitFile } from '../../../src/systemd/index.ts'
import { splitWords } from '../../../src/systemd/unit-file.ts'

const values = (text: string) => parseUnitFile(`[A]\n${text}`).map(({ value }) => value)

describe('parseUnitFile', () => {
  it('tells sections, keys, values and lines', () => {
    const text =
      '# head\n[Unit]\nDescription = a = b \n\n[Service]\n; x\n\tExecStart=/bin/a \\\n  b\nExecStart=\n[Unit]\nA=1'
    expect(parseUnitFile(text)).toEqual([
      { section: 'Unit', key: 'Description', value: 'a = b', line: 3 },
      { section: 'Service', key: 'ExecStart', value: '/bin/a    b', line: 7 },
      { section: 'Service', key: 'ExecStart', value: '', line: 9 },
      { section: 'Unit', key: 'A', value: '1', line: 11 },
    ])
    expect(parseUnitFile('')).toEqual([])
  })

  it.each([
    ['a comment inside', 'K=a \\\n# no \\\n  ; no\nb', ['a  b']],
    ['an empty line', 'K=a \\\n\nL=b', ['a', 'b']],
    ['a comment after', 'K=a # b ; c', ['a # b ; c']],
    ['two backslashes', 'K=a\\\\\nL=b', ['a\\\\', 'b']],
    ['three backslashes', 'K=a\\\\\\\nb', ['a\\\\ b']],
    ['a backslash at the end', 'K=a\\', ['a']],
    ['a comment that looks continued', '# a \\\nK=b', ['b']],
    ['the key in another line', 'K \\\n= a', ['a']],
    ['ends of lines of all kinds', 'K=a\r\nL=b\rM=c\n\rN=d\n\n', ['a', 'b', 'c', 'd']],
    ['space of other scripts', 'K=\u00a0a\u2003', ['\u00a0a\u2003']],
  ])('reads %s', (_, text, expected) => {
    expect(values(text)).toEqual(expected)
  })

  it('counts the lines before an assignment, not those in it', () => {
    expect(parseUnitFile('[A]\nK=a\\\n#\n\\\nb\n\nL=c').map(({ line }) => line)).toEqual([2, 7])
  })

  it('takes anything in sections of others, and a byte order mark', () => {
    expect(parseUnitFile('\ufeff[X-Mine]\nanything\nK=v\n=\n[A]\nL=w')).toMatchObject([{ key: 'K' }, { key: 'L' }])
  })

  it.each([
    ['an assignment in no section', 'K=v', 1, 'in no section'],
    ['a section that does not end', '[A]\n\n[B', 3, 'must end with "]"'],
    ['a single bracket', '[', 1, 'must end with "]"'],
    ['a line without =', '[A]\nK=v\nL\n', 3, 'KEY=VALUE'],
    ['a value without a key', '[A]\n = v\n', 2, 'KEY=VALUE'],
    ['a NUL byte', '[A]\nK=\0\n', 2, 'NUL'],
  ])('refuses %s', (_, text, line, reason) => {
    expect(() => parseUnitFile(text, 'a.service')).toThrow(
      expect.objectContaining({ code: 'UNIT_INVALID', line, message: expect.stringContaining(reason) }),
    )
    expect(() => parseUnitFile(text, 'a.service')).toThrow(`a.service line ${line}, `)
  })

  it('reads what was written, however it is laid out', () => {
    const token = fc.stringMatching(/^[!-~]([ -~]*[!-~])?$/)
    const key = token.filter(text => !/[=\\]/.test(text) && !/^[#;[]/.test(text))
    const value = token.filter(text => !text.endsWith('\\') && !/^[#;]/.test(text))
    const noise = fc.constantFrom('', '\n', '# no\n', ' ; no \\\n', '\t\r\n')
    const space = fc.constantFrom('', ' ', '\t ', ' \\\n', '\\\n#\n ')
    const written = fc.record({
      noise,
      section: fc.constantFrom('A', 'B c', 'X-D'),
      key,
      value,
      before: space,
      after: space,
    })
    fc.assert(
      fc.property(fc.array(written), all => {
        const text = all.map(
          ({ noise, section, key, value, before, after }) => `${noise}[${section}]\n${key}${before}=${after}${value}\n`,
        )
        expect(parseUnitFile(text.join(''))).toMatchObject(
          all.map(({ section, key, value }) => ({ section, key, value })),
        )
      }),
    )
  })

  it('either reads or refuses any text', () => {
    const piece = fc.constantFrom('[', ']', '=', '\\', '\n', '\r', '#', ';', ' ', 'K', 'X-', '"', '\0', 'ä')
    fc.assert(
      fc.property(fc.string({ unit: piece, maxLength: 40 }), text => {
        try {
          for (const { key, value, line } of parseUnitFile(text)) {
            expect(`${key}|${value}|`).not.toMatch(/[\r\n]|^\s|\s\||^\||\| /)
            expect(line).toBeLessThanOrEqual(text.split(/[\r\n]/).length)
          }
        } catch (error) {
          expect(error).toMatchObject({ code: 'UNIT_INVALID' })
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('splitWords', () => {
  it.each([
    ['', []],
    [' a  b\tc ', ['a', 'b', 'c']],
    [`"a b" 'c "d' e"f"'g'`, ['a b', 'c "d', 'efg']],
    ['"" \'\'', ['', '']],
    ['a\\x20b "c\\d"', ['a\\x20b', 'c\\d']],
  ])('splits %j', (value, words) => {
    expect(splitWords(value, 'K=')).toEqual(words)
  })

  it.each(['"a', "a'", `"a' b`, `a "b" "`])('refuses %j', value => {
    expect(() => splitWords(value, 'a.service line 3, K=')).toThrow(
      expect.objectContaining({
        code: 'UNIT_INVALID',
        message: expect.stringMatching(/^a\.service line 3, K=: .*quote/),
      }),
    )
  })

  it('gives back words that were quoted', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), words => {
        const quotable = words.map(word => word.replaceAll('"', ''))
        expect(splitWords(quotable.map(word => `"${word}"`).join(' '), 'K=')).toEqual(quotable)
      }),
    )
  })
})
