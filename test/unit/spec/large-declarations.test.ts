import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { define, type SpecError } from '../../../src/spec/index.ts'
import { temporaryFolder } from '../../temporary.ts'

const HEAD = 'closure: { toplevel: /nix/store/x }\n'

/** So many that time which grows with their square would be hours. */
const MANY = 100_000

const lines = (line: (i: number) => string, count = MANY) => Array.from({ length: count }, (_, i) => line(i)).join('')

function read(yaml: string) {
  const file = join(temporaryFolder(), 'image.yaml')
  writeFileSync(file, yaml)
  return define(file)
}

async function problemsOf(result: Promise<unknown>): Promise<string[]> {
  const error: SpecError = await result.then(
    () => expect.fail('is taken'),
    error => error,
  )
  expect(error).toMatchObject({ name: 'SpecError', code: 'DECLARATION_INVALID' })
  expect(error.message.length).toBeLessThan(100_000)
  return error.problems.map(({ position, message }) => `${position?.line}: ${message}`)
}

describe('define of a file', () => {
  it('reads a hundred thousand files, each an alias with a variable', async () => {
    const files = `files:\n  /0: &a { text: "\${A}" }\n${lines(i => `  /${i + 1}: *a\n`)}`
    const { entries } = await read(`${HEAD}variables: { A: x }\n${files}`)
    expect(entries).toHaveLength(MANY + 1)
    const last = { path: `/${MANY}`, contents: 'x', origin: expect.stringContaining(`image.yaml:${MANY + 4}:3)`) }
    expect(entries?.at(-1)).toMatchObject(last)
  })

  it('reads a hundred thousand units', async () => {
    const { systemd } = await read(`${HEAD}systemd:\n  units:\n${lines(i => `    u${i}.service: { mask: true }\n`)}`)
    expect(Object.keys(systemd?.units ?? {})).toHaveLength(MANY)
  })

  it('says that there is too much of it before it is parsed', async () => {
    const problems = await problemsOf(read(`${HEAD}roots: [${'1,'.repeat(8_000_000)}]`))
    expect(problems).toEqual([expect.stringMatching(/^1: has more than \d+ words and signs/)])
  })

  it('shows the beginning of a long word only', async () => {
    expect(await problemsOf(read(`${HEAD}roots: [*${'a'.repeat(1_000_000)}]`))).toEqual([
      expect.stringMatching(/^2: not YAML: Unresolved alias: \*a+…$/),
    ])
  })

  it('names in one line what would forge another one, or what a terminal obeys', async () => {
    const yaml = String.raw`{ "a\r\nb:1:1\e[2J": 1, "c\nd": 2 }`
    const { message } = await read(yaml).then(
      () => expect.fail('is taken'),
      (error: SpecError) => error,
    )
    expect(message.split('\n')).toHaveLength(2)
    expect(message).toMatch(/a\\x0d\\x0ab:1:1\\x1b\[2J: no such key/)
  })

  const TOO_MANY: [what: string, yaml: string, first: string][] = [
    ['unknown keys', `${HEAD}${lines(i => `k${i}: a\n`)}`, '2: no such key; there may be name'],
    [
      'files that are none',
      `${HEAD}files:\n${lines(i => `  /${i}: 1\n`)}`,
      '3: give { text: … } or { file: … }, not 1',
    ],
    ['keys that come twice', `${HEAD}${lines(() => 'name: a\n')}`, '3: not YAML: Map keys must be unique'],
    ['aliases of nothing', `${HEAD}roots: [${lines(() => '*a ,')}]`, '2: not YAML: Unresolved alias: *a'],
    [
      'unknown variables',
      `${HEAD}variables:\n${lines(i => `  V${i}: ""\n`)}links:\n${lines(i => `  /${i}: "\${W${i}}"\n`)}`,
      `${MANY + 4}: \${W0} is no variable; declare it`,
    ],
    [
      'unknown settings',
      `${HEAD}nspawn:\n  Files:\n${lines(i => `    B${i}: a\n`)}`,
      '4: no such key; see systemd.nspawn(5)',
    ],
  ]
  it.each(TOO_MANY)('lists the first of many %s', async (_, yaml, first) => {
    const problems = await problemsOf(read(yaml))
    expect(problems).toHaveLength(101)
    expect(problems[0]).toContain(first)
    expect(problems[100]).toMatch(/^undefined: \d+ more problems; mend those above first$/)
  })

  const BOMBS: [what: string, yaml: string, message: string][] = [
    [
      'aliases of aliases',
      `a0: &a0 [x, x]\n${lines(i => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]\n`, 64)}`,
      '20: not YAML: Aliases stand for more than 4194304 values and characters up to here',
    ],
    [
      'a long text that many aliases stand for',
      `${HEAD}links:\n  /a: &a ${'x'.repeat(1_000_000)}\n${lines(i => `  /${i}: *a\n`, 10)}`,
      '8: not YAML: Aliases stand for more than',
    ],
    [
      'a long variable that stands in many places',
      `${HEAD}variables: { A: ${'x'.repeat(1_000_000)} }\nlinks:\n${lines(i => `  /${i}: "\${A}"\n`, 20)}`,
      '20: comes to more than 16777216 characters of variables',
    ],
    [
      'a long variable many times in one place',
      `variables: { A: ${'x'.repeat(1_000_000)} }\nname: "${lines(() => '${A}')}"\n`,
      '2: comes to more than 16777216 characters of variables',
    ],
    ['lists in lists', `${HEAD}files: ${'['.repeat(200)}${']'.repeat(200)}`, 'more than 100 levels; leave some out'],
    [
      'more of them than a parser has room for',
      `${HEAD}files: ${'['.repeat(MANY)}`,
      'more than 100 levels; leave some out',
    ],
    [
      'aliases inside each other without end in sight',
      `a0: &a0 [x]\n${lines(i => `a${i + 1}: &a${i + 1} [*a${i}]\n`, 1000)}`,
      'is in more than 100 lists and objects; leave some out',
    ],
    [
      'a text of references that never end',
      `name: "${lines(() => '${')}"\n${HEAD}`,
      'is not a name that machinectl accepts',
    ],
    ['one that ends', `name: "${lines(() => '${')}}"\n${HEAD}`, '… is no variable'],
  ]
  it.each(BOMBS)('refuses %s', async (_, yaml, message) => {
    expect((await problemsOf(read(yaml))).join('\n')).toContain(message)
  })
})

describe('define of an object', () => {
  it('refuses an object that holds itself', async () => {
    const object: Record<string, unknown> = {}
    object.files = object
    const [problem] = await problemsOf(define(object))
    expect(problem).toContain('is in more than 100 lists and objects; leave some out')
  })
})
