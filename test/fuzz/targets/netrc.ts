import assert from 'node:assert/strict'
import { parseNetrc } from '../../../src/http/index.ts'
import type { HttpError } from '../../../src/http-error.ts'
import { outcomeNow } from '../oracles.ts'
import type { Target } from '../target.ts'

const URLS = ['https://example.org/', 'http://user@a:8080/x', 'https://[::1]/', 'https://other.example/'].map(
  url => new URL(url),
)
const SECRET = 'hunter2-secret'

/** A secret word among others: no error shows it. */
export const target: Target = {
  about: 'netrc files; no error shows a password',
  seeds: () => [
    `machine example.org login me password ${SECRET}\ndefault login "a b" password "q\\"\\n" account x\n`,
    '# comment\nmachine a\n\tpassword p # c\nmacdef init\ncd /\n\nmachine ::1 login x password y\r\n',
  ],
  words: [
    'machine ',
    'default ',
    'login ',
    'password ',
    'account ',
    'macdef ',
    '"',
    '\\',
    '#',
    '\n',
    '\n\n',
    SECRET,
    'example.org',
  ],
  run(input) {
    const text = Buffer.from(input).toString()
    const outcome = outcomeNow(() => parseNetrc(text))
    if (!('value' in outcome)) {
      const { message, line } = errorOf(text)
      assert.ok(!message.includes(SECRET))
      assert.ok(line! >= 1 && line! <= text.split('\n').length)
      return
    }
    for (const url of URLS) {
      const authorization = outcome.value(url)
      // What comes behind an entry for all hosts is for none.
      const all = `${text}\n\ndefault login x password y`
      if (authorization !== undefined) {
        assert.match(authorization, /^Basic [A-Za-z0-9+/=]+$/)
        assert.equal(parseNetrc(all)(url), authorization)
      }
    }
  },
}

function errorOf(text: string): HttpError {
  try {
    parseNetrc(text)
  } catch (error) {
    return error as HttpError
  }
  throw new Error('not refused again')
}
