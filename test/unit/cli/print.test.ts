import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { formatLine, print, printJson, printLines } from '../../../src/cli/print.ts'
import { createProgressView } from '../../../src/cli/progress-view.ts'
import { quoted } from '../../../src/printable.ts'
import { runCommand } from '../../command.ts'
import { END_OF_TAR, rawEntry, rawPax } from '../../raw-tar.ts'
import { temporaryFolder } from '../../temporary.ts'
import { createFakeStream } from './fake-stream.ts'

const range = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, i) => String.fromCodePoint(first + i)).join('')
/** C0, DEL, C1, what turns text around, separators of lines, what cannot be seen, and half a character. */
const HOSTILE = `a${range(0, 0x1f)}${range(0x7f, 0x9f)}${range(0x200b, 0x200f)}${range(0x2028, 0x202e)}${range(0x2066, 0x2069)}\ufeff\ud800z`
const isSafe = (text: string) => !/[^\P{C}\n]|[\p{Zl}\p{Zp}]/u.test(text)

describe('text from outside', () => {
  it('is shown in one line', () => {
    const { stream, written } = createFakeStream(false)
    printLines([HOSTILE, [`x ${HOSTILE}`, { style: 'red', text: HOSTILE }]], stream)
    expect(written.join('').split('\n')).toHaveLength(3)
    expect(isSafe(written.join(''))).toBe(true)
    expect(written.join('')).toContain('\\x1b')
  })

  it('has no style of its own', () => {
    const { stream } = createFakeStream(true)
    const line = formatLine(['\x1b[31mno', { style: 'red', text: 'yes' }], stream)
    expect(line).toBe('\\x1b[31mno\x1b[31myes\x1b[39m')
  })

  it('keeps what a message has of lines, and nothing else', () => {
    const { stream, written } = createFakeStream(true)
    print(`first\n\t${HOSTILE}`, stream)
    expect(isSafe(written.join('').replaceAll('\t', ''))).toBe(true)
    expect(written.join('')).toMatch(/^first\n/)
  })

  it('means the same in JSON', () => {
    const { stream, written } = createFakeStream(true)
    printJson({ [HOSTILE]: [HOSTILE] }, stream)
    expect(isSafe(written.join(''))).toBe(true)
    expect(JSON.parse(written.join(''))).toEqual({ [HOSTILE]: [HOSTILE] })
  })

  it('in quotes is cut off', () => {
    expect(isSafe(quoted(HOSTILE))).toBe(true)
    expect(quoted('x'.repeat(1000)).length).toBeLessThan(310)
  })

  it('is shown so in progress', () => {
    const { stream, written } = createFakeStream(true, { colours: false, columns: 2000 })
    createProgressView(stream).show({ bytesDone: 1, bytesTotal: 2, path: `/nix/store/x-${HOSTILE}` } as never)
    expect(isSafe(written.join('').replace('\r', '').replaceAll('\x1b[K', ''))).toBe(true)
  })
})

describe('names in an image', () => {
  const NAME = `\x1b]52;c;eA==\x07\nsystemd 252 imports it\x9b31m\u202e`
  const pax = (records: Record<string, string>) => rawPax(records)
  const image = Buffer.concat([
    pax({ path: `usr/${NAME}`, uid: NAME, [NAME]: NAME }),
    rawEntry({ name: 'x' }),
    pax({ path: 'etc', linkpath: NAME, [`SCHILY.xattr.${NAME}`]: 'x' }),
    rawEntry({ name: 'x', type: '2' }),
    pax({ path: `etc/${NAME}`, linkpath: `${NAME}/` }),
    rawEntry({ name: 'x', type: '1' }),
    pax({ path: 'sbin/init' }),
    rawEntry({ name: 'x', mode: 0o755, data: `#!/${NAME.split('\n')[0]}\n` }),
    pax({ path: `nix/store/${NAME}` }),
    rawEntry({ name: 'x' }),
    rawEntry({ name: 'nix-path-registration', data: NAME }),
    END_OF_TAR,
  ])

  it('do not reach the terminal raw, nor as lines of their own', async () => {
    const cwd = temporaryFolder()
    writeFileSync(join(cwd, 'a.tar'), image)
    const text = (await runCommand(['check', 'a.tar'], { cwd })).stdout.toString()
    expect(isSafe(text)).toBe(true)
    expect(text).toContain('\\x1b]52')
    expect(text.split('\n').filter(line => line.startsWith('systemd 252 imports it'))).toEqual([])
    const json = (await runCommand(['check', 'a.tar', '--json'], { cwd })).stdout.toString()
    expect(isSafe(json)).toBe(true)
    const { findings } = JSON.parse(json)
    expect(findings.some(({ path }: { path?: string }) => path === `usr/${NAME}`)).toBe(true)
    expect(findings.filter(({ message }: { message: string }) => !isSafe(message) || message.includes('\n'))).toEqual(
      [],
    )
  })
})
