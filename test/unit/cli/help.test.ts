import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { Command } from 'commander'
import { beforeAll, describe, expect, it } from 'vitest'
import { COMMANDS as LISTED } from '../../../src/cli/commands.ts'
import { TOPICS } from '../../../src/cli/help/topics.ts'
import { define, imageJsonSchema } from '../../../src/index.ts'
import { runCommand } from '../../command.ts'
import { temporaryFolder } from '../../temporary.ts'

/** The commands, as `help` takes them. */
const COMMANDS = [
  ...[
    'build',
    'publish',
    'serve',
    'pull',
    'check',
    'ls',
    'cat',
    'extract',
    'sizes',
    'diff',
    'sbom',
    'init',
    'schema',
    'key',
  ],
  ...['cache', 'bench'],
  ...['key generate', 'cache stats', 'cache prune', 'cache clear'],
]

/** Options of other programs that topics name: nix-store, gpg, machinectl. */
const FOREIGN = new Set(['--load-db', '--no-default-keyring', '--keyring', '--import', '--verify', '--component'])

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: false | Schema
  readonly anyOf?: readonly Schema[]
}

/** What command lines print, all in one process: to start one for each takes long. */
async function outputsOf(lines: readonly string[][]): Promise<string[]> {
  const run = new URL('../../../src/cli/run.ts', import.meta.url)
  const program = `const { run } = await import(${JSON.stringify(run)})
    for (const args of ${JSON.stringify(lines)}) {
      process.stdout.write('\\0')
      if ((await run(args)) !== 0) throw new Error(args.join(' '))
    }`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program])
  return stdout.split('\0').slice(1)
}

const optionsIn = (text: string) => new Set(text.match(/(?<![\w-])--[a-z][a-z0-9-]*/g))

describe('help', () => {
  const texts = new Map<string, string>()
  const usages = new Map<string, string>()
  const ownUsages = new Map<string, string>()
  let list: string
  let ownList: string
  beforeAll(async () => {
    const words = COMMANDS.map(name => name.split(' '))
    const outputs = await outputsOf([
      ...[['help'], ['--help']],
      ...TOPICS.map(({ name }) => ['help', name]),
      ...words.map(each => ['help', ...each]),
      ...words.map(each => [...each, '--help']),
    ])
    list = outputs.shift()!
    ownList = outputs.shift()!
    for (const { name } of TOPICS) texts.set(name, outputs.shift()!)
    for (const usage of [usages, ownUsages]) for (const name of COMMANDS) usage.set(name, outputs.shift()!)
  })

  it('prints every topic', async () => {
    for (const text of texts.values()) expect(text).toMatch(/^\S(?:.*\n){20,}.*[^\n]\n$/)
    expect(await runCommand(['help', 'sources'])).toMatchObject({ code: 0, stderr: '' })
  })

  it('lists commands and topics', () => {
    expect(list).toBe(ownList)
    for (const name of COMMANDS.filter(name => !name.includes(' '))) expect(list).toContain(`\n  ${name} `)
    for (const { name, summary } of TOPICS) expect(list).toMatch(new RegExp(`\n  ${name} +${summary}\n`))
  })

  it.each(COMMANDS)('of the command %s is that of its --help', name => {
    expect(usages.get(name)).toMatch(new RegExp(`^Usage: nspawn-rootfs ${name} `))
    expect(usages.get(name)).toBe(ownUsages.get(name))
  })

  it('refuses what is neither, with the name that was meant', async () => {
    expect(await runCommand(['help', 'sourcs'])).toMatchObject({
      code: 2,
      stderr: 'nspawn-rootfs: help: "sourcs" is neither a command nor a topic; did you mean sources?\n',
    })
    expect((await runCommand(['help', 'sources', 'key'])).code).toBe(2)
    expect((await runCommand(['help', 'nixos-rebuild'])).stderr).toMatch(
      /topic; it occurs in: nspawn-rootfs help nixos\n$/,
    )
    for (const word of ['xyzzy', '(', 'a'.repeat(1e4)]) {
      expect((await runCommand(['help', word])).stderr).toMatch(/topic; nspawn-rootfs help lists all\n$/)
    }
  })

  it('has no topic with the name of a command', () => {
    expect(TOPICS.map(({ name }) => name).filter(name => COMMANDS.includes(name))).toEqual([])
  })

  it('fits into 80 columns', () => {
    const all = [...texts, ...usages, ['', list] as const]
    const lines = all.flatMap(([name, text]) => text.split('\n').map(line => `${name}: ${line}`))
    expect(lines.filter(line => line.slice(line.indexOf(': ') + 2).length > 80)).toEqual([])
    expect(lines.filter(line => /: .*[ \t]$/.test(line))).toEqual([])
  })

  it('names options that there are', () => {
    const known = optionsIn([...usages.values()].join('\n'))
    const named = [...texts].flatMap(([name, text]) => [...optionsIn(text)].map(option => ({ name, option })))
    expect(named.filter(({ option }) => !known.has(option) && !FOREIGN.has(option))).toEqual([])
  })

  it.each(['build', 'publish', 'serve', 'check'])('explains every option of %s in a topic', command => {
    const explained = optionsIn([...texts.values()].join('\n'))
    const missing = [...optionsIn(usages.get(command)!)].filter(option => !explained.has(option))
    expect(missing.filter(option => option !== '--help')).toEqual([])
  })

  it('names topics that there are', () => {
    const named = [...texts.values(), ...usages.values()].flatMap(text =>
      [...text.matchAll(/nspawn-rootfs help (?:TOPIC\): )?([a-z]+(?:,\s[a-z-]+|-[a-z]+)*)/g)].flatMap(([, names]) =>
        names!.split(/,\s/),
      ),
    )
    expect(named.length).toBeGreaterThan(0)
    expect(named.filter(name => !texts.has(name))).toEqual([])
  })

  it('has all that README names', () => {
    const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8').replace(/\\\n\s+/g, ' ')
    const lines = [...readme.matchAll(/nspawn-rootfs ((?:key |cache )?[a-z-]+)((?: [^\n`|]+)?)/g)]
    const used = lines.filter(([, name]) => usages.has(name!))
    expect(new Set(used.map(([, name]) => name))).toContain('publish')
    const wrong = used.flatMap(([, name, rest]) =>
      [...optionsIn(rest!)]
        .filter(option => !optionsIn(usages.get(name!)!).has(option))
        .map(option => `${name} ${option}`),
    )
    expect(wrong).toEqual([])
    const topics = [...readme.matchAll(/nspawn-rootfs help ([a-z-]+)/g)].map(([, name]) => name)
    expect(topics.length).toBeGreaterThan(5)
    expect(topics.filter(name => !texts.has(name!))).toEqual([])
  })

  describe('of declarations', () => {
    const pathsOf = ({ properties, additionalProperties, anyOf }: Schema, path: readonly string[]): string[] => [
      ...Object.entries(properties ?? {}).flatMap(([key, inner]) => [
        [...path, key].join('.'),
        ...pathsOf(inner, [...path, key]),
      ]),
      ...(additionalProperties ? pathsOf(additionalProperties, [...path, '*']) : []),
      ...(anyOf ?? []).flatMap(one => pathsOf(one, path)),
    ]
    const keysIn = (text: string) => text.match(/^ {2}[\w.*]+(?= |$)/gm)!.map(line => line.trim())
    let paths: string[]
    beforeAll(async () => {
      paths = pathsOf((await imageJsonSchema()) as Schema, [])
    })

    it('lists every key', () => {
      const listed = (topic: string) => new Set(keysIn(texts.get(topic)!.split('\nKEYS\n')[1]!))
      const keys = paths.filter(path => !path.startsWith('nspawn.'))
      expect(listed('declaration')).toEqual(new Set(keys))
      const settings = paths.flatMap(path => (path.startsWith('nspawn.') ? [path.slice('nspawn.'.length)] : []))
      expect(settings.length).toBeGreaterThan(50)
      expect(keys.length).toBeGreaterThan(40)
      for (const setting of settings) expect(listed('settings')).toContain(setting)
    })

    it('names keys that there are', () => {
      const named = [...texts].flatMap(([name, text]) =>
        [...text.matchAll(/\b(closure|systemd|compression|signing)\.[a-zA-Z]+\b(?!\()/g)].map(([key]) => ({
          name,
          key,
        })),
      )
      expect(named.length).toBeGreaterThan(20)
      expect(named.filter(({ key }) => !paths.includes(key))).toEqual([])
    })

    it('shows one that is right', async () => {
      const [, example = ''] = /\n\n((?: {2}.*\n|\n)+)Command-line/.exec(texts.get('declaration')!) ?? []
      const folder = temporaryFolder()
      const files = { 'image.yaml': example.replace(/^ {2}/gm, ''), 'keys.pub': 'key', 'nixos/flake.nix': '{}' }
      const others = { 'app.service': '[Service]\nExecStart=/bin/app\n', 'keys/secret.asc': 'key' }
      for (const [name, text] of Object.entries({ ...files, ...others })) {
        mkdirSync(dirname(join(folder, name)), { recursive: true })
        writeFileSync(join(folder, name), text)
      }
      const spec = await define(join(folder, 'image.yaml'))
      expect(spec).toMatchObject({ name: 'web-25.11', toplevel: join(folder, 'result'), format: 'tar.xz' })
      expect(spec.entries).toContainEqual(expect.objectContaining({ path: '/etc/motd', contents: 'Release 25.11\n' }))
    })
  })
})

describe('the list of commands', () => {
  it.each([...LISTED])('shows %s as it is used', async (name, { usage, load }) => {
    const command = new Command(name)
    const define = await load()
    define(command)
    expect(new Command().createHelp().subcommandTerm(command)).toBe(`${name} ${usage}`.trimEnd())
  })
})
