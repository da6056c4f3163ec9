import { describe, expect, it } from 'vitest'
import { parseNetrc } from '../../../src/http/index.ts'
import { HttpError } from '../../../src/http-error.ts'

/** User and password for a URL, as `user:password`. */
function lookUp(text: string, url: string): string | undefined {
  const header = parseNetrc(text)(new URL(url))
  return header && Buffer.from(/^Basic (.*)$/.exec(header)![1]!, 'base64').toString()
}

const TWO = 'machine a.example login one password 1\nmachine b.example login two password 2\n'

describe('parseNetrc', () => {
  it.each([
    ['a.example', 'one:1'],
    ['b.example', 'two:2'],
    ['c.example', undefined],
    ['x.a.example', undefined],
    ['A.Example', 'one:1'],
    ['a.example:8080', 'one:1'],
  ])('finds the entry for a host: %s', (host, expected) => {
    expect(lookUp(TWO, `https://${host}/some/path`)).toBe(expected)
    expect(lookUp(TWO, `http://${host}/`)).toBe(expected)
  })

  it.each<[string, string, string | undefined]>([
    ['one line', 'machine h login u password p', 'u:p'],
    ['several lines', 'machine\n h\r\n\tlogin u\n\npassword\np', 'u:p'],
    ['other order', 'machine h password p login u', 'u:p'],
    ['other case', 'MACHINE H Login u PassWord p', 'u:p'],
    ['an account', 'machine h login u account x password p', 'u:p'],
    ['no user', 'machine h password p', ':p'],
    ['no password', 'machine h login u', 'u:'],
    ['neither', 'machine h\nmachine h login u password p', 'u:p'],
    ['nothing for it', 'machine h', undefined],
    ['an empty file', '', undefined],
    ['two entries', 'machine h login u password p machine h login v password q', 'u:p'],
    ['keywords as values', 'machine h login password password machine', 'password:machine'],
    ['comments', '# machine h login a password b\nmachine h # login c\nlogin u #x password y\npassword p#q', 'u:p#q'],
    ['quotes', 'machine "h" login "u v" password "a\\"b\\\\c\\n\\r\\t\\x#"', 'u v:a"b\\c\n\r\tx#'],
    ['empty quotes', 'machine h login "" password p', ':p'],
    ['quotes inside', 'machine h login u password p"q"', 'u:p"q"'],
    ['other alphabets', 'machine h login ü password ö', 'ü:ö'],
    [
      'a macro',
      'machine x login u password p\nmacdef init\nmachine h login a\n  password b\n\nmachine h login u password p',
      'u:p',
    ],
    ['a macro to the end', 'macdef init\nmachine h login a password b', undefined],
    ['a default', 'machine x login a password b\ndefault login u password p', 'u:p'],
    ['a default too early', 'default login u password p\nmachine h login a password b', 'u:p'],
  ])('takes %s', (_, text, expected) => {
    expect(lookUp(text, 'https://h/')).toBe(expected)
  })

  it('gives no default where there is an entry', () => {
    expect(lookUp(`${TWO}default login d password 3`, 'https://b.example')).toBe('two:2')
  })

  it('knows IPv6 addresses without brackets', () => {
    expect(lookUp('machine ::1 login u password p', 'http://[::1]:80/')).toBe('u:p')
  })

  it.each([
    [1, 'nothing follows machine', 'machine'],
    [2, 'nothing follows password', 'machine h login u\npassword # none'],
    [3, 'login comes before any machine', '\n\nlogin u'],
    [2, 'expected machine, default', 'machine h\n  password my secret'],
    [2, 'does not end on its line', 'machine h login u\npassword "secret\n"'],
    [1, 'does not end on its line', 'machine h password "secret\\"'],
  ])('names line %i where %s', (line, words, text) => {
    const error = (() => {
      try {
        return parseNetrc(text)
      } catch (error) {
        return error as HttpError
      }
    })()
    expect(error).toBeInstanceOf(HttpError)
    expect(error).toMatchObject({ code: 'NETRC_INVALID', line, message: expect.stringContaining(`line ${line}: `) })
    expect((error as HttpError).message).toContain(words)
    expect((error as HttpError).message).not.toContain('secret')
  })
})
