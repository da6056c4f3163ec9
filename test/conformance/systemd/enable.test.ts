import { spawnSync } from 'node:child_process'
import { globSync, lstatSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { enableUnits, maskLink } from '../../../src/systemd/enable.ts'
import { SystemdError } from '../../../src/systemd/index.ts'
import { needs } from '../../programs.ts'

const FOLDER = '/etc/systemd/system'
const systemctl = needs('systemctl')
const version = systemctl.skip ? 0 : Number(/^systemd (\d+)/.exec(run(['--version']).output)![1])

type Units = Record<string, string>

/** What `systemctl VERB NAMES` makes of units that all lie in /etc/systemd/system. */
function runSystemctl(verb: string, units: Units, names: readonly string[]) {
  const root = mkdtempSync(join(tmpdir(), 'nspawn-rootfs-test-'))
  try {
    const folder = join(root, FOLDER)
    for (const [name, text] of Object.entries(units)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), text)
    }
    const result = run([`--root=${root}`, verb, '--', ...names])
    const links = globSync('**', { cwd: folder })
      .filter(path => lstatSync(join(folder, path)).isSymbolicLink())
      .map(path => [path, readlinkSync(join(folder, path))])
    return { ...result, links: Object.fromEntries(links) as Record<string, string> }
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

function run(args: readonly string[]): { failed: boolean; output: string } {
  const result = spawnSync('systemctl', args, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } })
  const output = result.stdout + result.stderr
  // Its exit code forgets what failed for one list, if it then made a symlink for another.
  return { failed: result.status !== 0 || /^Failed to (?!enable auxiliary)/m.test(output), output }
}

/** The same of ours; where systemctl is too old for UpheldBy=, without what that makes. */
function enable(units: Units, names: readonly string[]) {
  const { links, warnings } = enableUnits(new Map(Object.entries(units)), names, file => `${FOLDER}/${file}`)
  const known = links.filter(({ path }) => version >= 254 || !path.includes('.upholds/'))
  return { links: Object.fromEntries(known.map(({ path, target }) => [path, target])), warnings }
}

const install = (...lines: string[]) => `[Unit]\nDescription=a unit\n\n[Install]\n${lines.join('\n')}\n`

describe.skipIf(systemctl.skip)(`enableUnits makes the symlinks of systemctl enable${systemctl.because}`, () => {
  it.each<[string, Units, string[]]>([
    [
      'every list',
      { 'a.service': install('WantedBy=x.target y.target', 'RequiredBy=z.target', 'Alias=b.service') },
      ['a.service'],
    ],
    ['UpheldBy', { 'a.service': install('UpheldBy=x.target', 'WantedBy=y.target') }, ['a.service']],
    [
      'other types',
      {
        'a.socket': install('WantedBy=sockets.target'),
        'b.timer': install('WantedBy=timers.target'),
        'c-d.mount': install('RequiredBy=local-fs.target'),
      },
      ['a.socket', 'b.timer', 'c-d.mount'],
    ],
    [
      'an instance',
      { 'a@.service': install('WantedBy=x.target', 'Alias=b@.service') },
      ['a@tty1.service', 'a@x@y.service'],
    ],
    [
      'an instance with a file of its own',
      { 'a@.service': install('WantedBy=x.target'), 'a@i.service': install('WantedBy=y.target') },
      ['a@i.service'],
    ],
    [
      'a default instance',
      { 'a@.service': install('WantedBy=x.target', 'DefaultInstance=tty1', 'Alias=b@.service') },
      ['a@.service'],
    ],
    [
      'another than the default instance',
      { 'a@.service': install('WantedBy=x.target', 'DefaultInstance=tty1') },
      ['a@tty2.service'],
    ],
    ['a template that a template starts', { 'a@.service': install('WantedBy=x@.target x@i.target') }, ['a@.service']],
    [
      'specifiers',
      { 'a-b@.service': install('WantedBy=%i.target %j.target %N.target %n %p.target', 'DefaultInstance=%p') },
      ['a-b@.service', 'a-b@c.service'],
    ],
    [
      'specifiers of a plain unit',
      { 'a-b.service': install('WantedBy=%j.target %N.target %n %p.target x%i.target') },
      ['a-b.service'],
    ],
    [
      'Also, in circles',
      {
        'a.service': install('Also=a.socket', 'WantedBy=x.target'),
        'a.socket': install('Also=a.service', 'WantedBy=y.target'),
      },
      ['a.service'],
    ],
    [
      'Also, of which an empty one clears nothing',
      { 'a.service': install('Also=b.service', 'Also='), 'b.service': install('WantedBy=x.target') },
      ['a.service'],
    ],
    [
      'Also of a template',
      { 'a@.service': install('Also=b@%i.service'), 'b@.service': install('WantedBy=x.target') },
      ['a@i.service'],
    ],
    [
      'Also with a backslash',
      { 'a.service': install('Also=b\\\\x2dc.service'), 'b\\x2dc.service': install('WantedBy=x.target') },
      ['a.service'],
    ],
    [
      'lists that are cleared',
      { 'a.service': install('WantedBy=x.target', 'WantedBy=', 'WantedBy=y.target') },
      ['a.service'],
    ],
    ['quotes', { 'a.service': install(`WantedBy="x.target" 'y'".target" b\\x2dc.target`) }, ['a.service']],
    ['itself as another name', { 'a.service': install('Alias=a.service b.service') }, ['a.service']],
    ['names of instances for a template', { 'a@.service': install('Alias=b@i.service b@.service') }, ['a@.service']],
    [
      'names in folders',
      { 'a.service': install('Alias=x.target.wants/a.service y.target.requires/a.service') },
      ['a.service'],
    ],
    [
      'names of a template in folders',
      { 'a@.service': install('Alias=x@.target.wants/a@.service x.target.requires/a@i.service') },
      ['a@.service'],
    ],
    ['another name for a mount', { 'a.mount': install('Alias=b.mount', 'WantedBy=x.target') }, ['a.mount']],
    [
      'drop-ins',
      {
        'a@.service': install('WantedBy=x.target'),
        'a@.service.d/1.conf': install('WantedBy=template-1.target'),
        'a@.service.d/2.conf': install('WantedBy=', 'WantedBy=template-2.target'),
        'a@.service.d/.3.conf': install('WantedBy=hidden.target'),
        'a@.service.d/4.txt': install('WantedBy=text.target'),
        'a@i.service.d/1.conf': install('RequiredBy=instance-1.target'),
        'a@j.service.d/0.conf': install('WantedBy=other.target'),
        'service.d/1.conf': install('WantedBy=type.target'),
      },
      ['a@i.service'],
    ],
    [
      'two units that make one symlink',
      { 'a@.service': install('WantedBy=x.target', 'DefaultInstance=i'), 'a@i.service': install('WantedBy=x.target') },
      ['a@i.service', 'a@.service'],
    ],
    [
      'lines of every kind',
      {
        'a.service':
          '\ufeff[Install]\r\nWantedBy = x.target \\\r\n# no \\\n\n\r ; no\nRequiredBy=y.target \\\n z.target \\',
      },
      ['a.service'],
    ],
    [
      'sections of others',
      { 'a.service': '[X-Mine]\nanything\n[Install] \n\tWantedBy\t=\tx.target\n[X-More]\nWantedBy=y.target\n' },
      ['a.service'],
    ],
  ])('for %s', (_, units, names) => {
    const theirs = runSystemctl('enable', units, names)
    expect(theirs.failed, theirs.output).toBe(false)
    expect(Object.keys(theirs.links).length).toBeGreaterThan(0)
    expect(enable(units, names).links).toEqual(theirs.links)
  })

  it.each<[string, Units, string[]]>([
    ['a unit that is not there', {}, ['a.service']],
    ['a name of no unit', { 'a.service': install('WantedBy=x.target') }, ['a.servic']],
    ['a masked unit', { 'a.service': '' }, ['a.service']],
    [
      'a masked default instance',
      { 'a@.service': install('WantedBy=x.target', 'DefaultInstance=i'), 'a@i.service': '' },
      ['a@.service'],
    ],
    ['a template without an instance', { 'a@.service': install('WantedBy=x.target') }, ['a@.service']],
    ['an instance of a mount', { 'a@.mount': install('WantedBy=x.target') }, ['a@i.mount']],
    [
      'a default instance that is none',
      { 'a@.service': install('WantedBy=x.target', 'DefaultInstance=i/j') },
      ['a@.service'],
    ],
    ['a word that is no unit', { 'a.service': install('WantedBy=x') }, ['a.service']],
    ['an empty word', { 'a.service': install('WantedBy=""') }, ['a.service']],
    ['a specifier that there is not', { 'a.service': install('WantedBy=%x.target') }, ['a.service']],
    ['a percent sign', { 'a.service': install('WantedBy=%%.target') }, ['a.service']],
    ['another name of another type', { 'a.service': install('Alias=b.socket') }, ['a.service']],
    ['a template as another name', { 'a.service': install('Alias=b@.service') }, ['a.service']],
    ['another name that is no template', { 'a@.service': install('Alias=b.service') }, ['a@.service']],
    ['another name for another instance', { 'a@.service': install('Alias=b@j.service') }, ['a@i.service']],
    ['another name that is a unit', { 'a.service': install('Alias=b.service'), 'b.service': install() }, ['a.service']],
    [
      'another name of two units',
      { 'a.service': install('Alias=c.service'), 'b.service': install('Alias=c.service') },
      ['a.service', 'b.service'],
    ],
    ['another name in the wrong folder', { 'a.service': install('Alias=x.target.d/a.service') }, ['a.service']],
    ['another name for another unit', { 'a.service': install('Alias=x.target.wants/b.service') }, ['a.service']],
    [
      'a template in the folder of a unit',
      { 'a@.service': install('Alias=x.target.wants/a@.service') },
      ['a@.service'],
    ],
    ['a name in Also that is none', { 'a.service': install('Also=b', 'WantedBy=x.target') }, ['a.service']],
    [
      'quotes in Also',
      { 'a.service': install('Also="b.service"', 'WantedBy=x.target'), 'b.service': install() },
      ['a.service'],
    ],
    ['a broken section', { 'a.service': '[Install]\nWantedBy=x.target\n[Service\n' }, ['a.service']],
  ])('and fails as it does at %s', (_, units, names) => {
    const theirs = runSystemctl('enable', units, names)
    expect(theirs.failed, theirs.output).toBe(true)
    expect(() => enable(units, names)).toThrow(expect.objectContaining({ code: 'UNIT_INVALID' }))
  })

  it.each<[string, Units]>([
    ['a unit without [Install]', { 'a.service': '[Service]\nExecStart=/bin/true\n' }],
    ['a unit along with it that has none', { 'a.service': install('Also=b.service'), 'b.service': '[Unit]\n' }],
    ['a setting that there is not', { 'a.service': install('WantedBY=x.target', 'WantedBy=y.target') }],
    ['a default instance of no template', { 'a.service': install('DefaultInstance=i', 'WantedBy=y.target') }],
    ['no unit in Also', { 'a.service': install('Also=gone.service', 'WantedBy=y.target') }],
    ['a masked unit in Also', { 'a.service': install('Also=b.service', 'WantedBy=y.target'), 'b.service': '' }],
  ])('and warns as it does of %s', (_, units) => {
    const theirs = runSystemctl('enable', units, ['a.service'])
    expect(theirs.output).toMatch(/no installation config|ignoring/i)
    const ours = enable(units, ['a.service'])
    expect(ours.links).toEqual(theirs.links)
    expect(ours.warnings).toHaveLength(1)
  })

  it('for units of all kinds', () => {
    const seen = { enabled: 0, failed: 0 }
    fc.assert(
      fc.property(
        anyUnits,
        fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 3 }),
        (units, names) => {
          const theirs = runSystemctl('enable', units, names)
          seen[theirs.failed ? 'failed' : 'enabled'] += Object.keys(theirs.links).length > 0 ? 1 : 0
          const ours = attempt(() => enable(units, names))
          if (theirs.failed) {
            expect(ours, theirs.output).toBeInstanceOf(Error)
          } else if (ours instanceof Error) {
            // systemctl passes over a broken unit in Also=, and enables one that it has just made another's name.
            expect(`${ours.message} ${theirs.output}`).toMatch(/auxiliary|is another name for/)
          } else {
            expect(ours.links, theirs.output).toEqual(theirs.links)
          }
        },
      ),
      { numRuns: 300 },
    )
    expect(Math.min(seen.enabled, seen.failed)).toBeGreaterThan(20)
  })
})

describe.skipIf(systemctl.skip)(`maskLink makes the symlink of systemctl mask${systemctl.because}`, () => {
  it.each(['a.service', 'getty@tty1.service', 'a@.service', 'b\\x2dc.mount'])('for %s', name => {
    const { path, target } = maskLink(name)
    expect({ [path]: target }).toEqual(runSystemctl('mask', {}, [name]).links)
  })
})

function attempt<T>(call: () => T): T | SystemdError {
  try {
    return call()
  } catch (error) {
    if (error instanceof SystemdError) return error
    throw error
  }
}

const FILES = [
  'a.service',
  'b.service',
  'c-d.socket',
  't@.service',
  't@i.service',
  'u-v@.service',
  'm.mount',
  'g.target',
]
const NAMES = [...FILES, 't@j.service', 'u-v@i.service']
const DROP_INS = ['a.service.d/1.conf', 't@.service.d/1.conf', 't@i.service.d/1.conf', 't@.service.d/2.conf']
const SEPARATORS = [' ', '\t', ' \\\n', ' \\\n# and\n ; so on \\\n', '\\\r\n']

const word = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.constantFrom('x.target', 'y@%i.target', 'y@.target', '%n', '%p.target', '%j.service', '%N.socket'),
  },
  {
    weight: 6,
    arbitrary: fc.constantFrom(...NAMES, 'x.target.wants/%n', 'y@.target.requires/%n', 'n@.service', 'n@i.service'),
  },
  { weight: 1, arbitrary: fc.constantFrom('bad', '%x.target', '%%', 'x.target.wants/a.service', '/n.service') },
)
const quoted = fc.tuple(fc.constantFrom('', '', '"', "'"), word).map(([quote, text]) => quote + text + quote)
const words = (one: fc.Arbitrary<string>) =>
  fc
    .array(fc.tuple(one, fc.constantFrom(...SEPARATORS)), { maxLength: 3 })
    .map(parts => parts.map(([text, separator], index) => (index === 0 ? '' : separator) + text).join(''))
const assignment = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constantFrom('WantedBy', 'RequiredBy'), words(quoted)) },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.constant('Alias'),
      words(fc.oneof(word, fc.constantFrom('n.service', 'n@.service', 'o.target'))),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constant('Also'), words(fc.constantFrom(...NAMES, 't@%i.service', 'gone.service'))),
  },
  { weight: 2, arbitrary: fc.tuple(fc.constant('DefaultInstance'), fc.constantFrom('i', 'j', '%p', '')) },
)
const unitText = fc
  .array(assignment, { maxLength: 4 })
  .map(all => install(...all.map(([key, value]) => `${key}=${value}`)))
const anyUnits = fc.dictionary(fc.constantFrom(...FILES, ...DROP_INS), unitText, {
  minKeys: 4,
  maxKeys: 12,
  noNullPrototype: true,
})
