import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { TOPICS } from '../../../src/cli/help/topics.ts'
import { define, FLAVOURS, imageJsonSchema, starterFiles } from '../../../src/index.ts'
import { temporaryFolder } from '../../temporary.ts'

const validate = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true }).compile(await imageJsonSchema())

/** What an editor says of a declaration that is read by the rules of YAML 1.2, and by no other. */
function faultsOf(yaml: string): string[] {
  validate(parse(yaml, { uniqueKeys: false }))
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath}: ${message}`)
}

/** What the command says of it. */
async function refusalOf(yaml: string): Promise<string | undefined> {
  const file = join(temporaryFolder(), 'image.yaml')
  writeFileSync(file, yaml)
  return define(file).then(
    () => undefined,
    (error: Error) => error.message,
  )
}

const CLOSURE = 'closure: { roots: [/nix/store/x] }\n'

/** The text with the lines that hold keys, or text below them, and that are commented out. Comments have a space and words. */
const withAll = (yaml: string) => yaml.replace(/^#(?=\S+:(?: |$)| {2})/gm, '').replace(/^( +)#(?=\S+:(?: |$))/gm, '$1')

/** The blocks of lines in a text that begin with a section of declarations, without what all lines have in front. */
const SECTION = /^ *(?:name|closure|files|directories|links|overlays|systemd|nspawn|compression|signing|variables):/
function declarationsIn(text: string): string[] {
  const blocks = text.match(/^( {2,})\S.*\n(?:\1.*\n|\n)*/gm) ?? []
  return blocks
    .filter(block => SECTION.test(block))
    .map(block => block.replaceAll(new RegExp(`^${/^ +/.exec(block)}`, 'gm'), ''))
}

it.each(FLAVOURS)('the starter %s refuses a name that a build would refuse', flavour => {
  const options = { flavour, name: '../a', system: 'x86_64-linux', schema: './schema.json' } as const
  expect(() => starterFiles(options)).toThrow(expect.objectContaining({ code: 'IMAGE_NAME_INVALID' }))
})

describe('the JSON schema takes', () => {
  it.each(FLAVOURS)('the starter %s, as it is and with all that is commented out', flavour => {
    const options = { flavour, name: 'web', system: 'x86_64-linux', schema: './schema.json' } as const
    const yaml = starterFiles(options).get('image.yaml')!
    expect(faultsOf(yaml)).toEqual([])
    // A place that people fill in.
    const all = withAll(yaml).replace(':…"', `:${'A'.repeat(43)}="`)
    expect(Object.keys(parse(all, { uniqueKeys: false }))).toEqual(
      expect.arrayContaining(['files', 'systemd', 'nspawn', 'compression', 'signing']),
    )
    expect(faultsOf(all)).toEqual([])
  })

  it('the declarations in README and in the examples', () => {
    const root = join(import.meta.dirname, '../../..')
    const examples = join(root, 'fixtures/examples')
    const files = [join(root, 'README.md'), ...readdirSync(examples).map(name => join(examples, name))]
    const texts = files.filter(file => file.endsWith('.md')).map(file => readFileSync(file, 'utf8'))
    const declarations = texts.flatMap(text => [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, yaml]) => yaml!))
    expect(declarations.length).toBeGreaterThan(0)
    for (const yaml of declarations) expect([yaml, faultsOf(yaml)]).toEqual([yaml, []])
  })

  it('the declarations in help', async () => {
    const texts = await Promise.all(TOPICS.map(({ text }) => (typeof text === 'string' ? text : text())))
    const declarations = texts.flatMap(declarationsIn)
    expect(declarations.length).toBeGreaterThan(1)
    for (const yaml of declarations) expect([yaml, faultsOf(yaml)]).toEqual([yaml, []])
  })

  it.each([
    [
      'modes without quotes',
      'files: { /a: { text: a, mode: 0600 }, /b: { text: b, mode: 0o4755 } }\ndirectories: { /tmp: { mode: 1777 } }',
    ],
    ['a variable for a system', 'variables: { V: x86_64-linux }\nsystem: "${V}"'],
    [
      'variables for a mode and an owner',
      'variables: { M: "0600", U: "1" }\ndirectories: { /a: { mode: "${M}", owner: "${U}:${U}" } }',
    ],
    ['a variable for a format', 'variables: { F: tar }\ncompression: { format: "${F}" }'],
    ['a variable for a part of a format', 'variables: { F: gz }\ncompression: { format: "tar.${F}" }'],
    ['a variable for /etc/resolv.conf', 'variables: { R: stub }\nsystemd: { resolvConf: "${R}" }'],
    [
      'variables for paths',
      'variables: { D: /srv }\nfiles: { "${D}/a": { text: a } }\nlinks: { "${D}/b": a }\ndirectories: { "${D}/c": {} }',
    ],
    [
      'a variable for a drop-in',
      'variables: { D: 10-a.conf }\nsystemd: { units: { a.service: { dropIns: { "${D}": { text: "" } } } } }',
    ],
    [
      'variables for settings',
      'variables: { L: auto, S: SIGTERM }\nnspawn: { Exec: { LinkJournal: "${L}", KillSignal: "${S}" } }',
    ],
    [
      'variables for true, false and numbers',
      'variables: { T: "true", F: "false", N: "3" }\nsystemd: { gettys: "${T}", units: { a.service: { mask: "${T}", enable: "${F}" } } }\n' +
        'compression: { level: "${N}", arm64Branches: "${F}" }\nclosure: { roots: [/nix/store/x], requireSignatures: "${F}" }\n' +
        'nspawn: { Exec: { OOMScoreAdjust: "${N}", Boot: "${T}", PrivateUsers: "${F}" }, Network: { VirtualEthernet: "${T}", Port: ["${N}"] } }\n',
    ],
    [
      'empty sections',
      'name:\nsystem:\nvariables:\noverlays:\nfiles:\ndirectories:\nlinks:\nsystemd:\nnspawn:\ncompression:\nsigning:',
    ],
  ])('%s, as the command does', async (_, yaml) => {
    const whole = yaml.includes('closure:') ? yaml : CLOSURE + yaml
    expect(await refusalOf(whole)).toBeUndefined()
    expect(faultsOf(whole)).toEqual([])
  })

  it('caches, as the command does', async () => {
    const key = `k:${'A'.repeat(43)}=`
    const yaml = `variables: { C: "https://a", K: "${key}" }\nclosure: { roots: [/nix/store/x], caches: ["\${C}", "HTTPS://a.example"], trustedPublicKeys: ["\${K}"] }\n`
    expect(await refusalOf(yaml)).toBeUndefined()
    expect(faultsOf(yaml)).toEqual([])
  })
})

describe('the JSON schema refuses', () => {
  it.each([
    ['a fraction for a whole number', 'nspawn: { Exec: { OOMScoreAdjust: 1.5 } }'],
    ['a fraction for a limit', 'nspawn: { Exec: { LimitNOFILE: 1.5 } }'],
    ['a fraction for a port', 'nspawn: { Network: { Port: [1.5] } }'],
    ['a mode of other digits', 'directories: { /a: { mode: "0689" } }'],
    ['a mode that is too long', 'directories: { /a: { mode: 10777 } }'],
    ['an unknown format', 'compression: { format: zip }'],
    ['a dollar alone', 'compression: { format: $zip }'],
    ['a relative path', 'files: { a: { text: a } }'],
    ['an empty list', 'closure: { roots: [] }'],
    ['text around a variable for true or false', 'variables: { A: "" }\nsystemd: { gettys: "true${A}" }'],
    ['a variable that is a number', 'variables: { A: 1 }'],
  ])('%s, as the command does', async (_, yaml) => {
    expect(await refusalOf(yaml)).toBeDefined()
    expect(faultsOf(yaml)).not.toEqual([])
  })
})
