import { describe, expect, it } from 'vitest'
import { enableUnits, installReferences, maskLink } from '../../../src/systemd/enable.ts'
import { checkUnitName } from '../../../src/systemd/index.ts'

const unitsOf = (units: Record<string, string>) =>
  new Map(Object.entries(units).map(([name, lines]) => [name, lines && `[Install]\n${lines}\n`]))
const enable = (units: Record<string, string>, ...names: string[]) =>
  enableUnits(unitsOf(units), names, file => `/etc/systemd-mutable/system/${file}`)
const invalid = (message: string | RegExp, line?: number) =>
  expect.objectContaining({ code: 'UNIT_INVALID', line, message: expect.stringMatching(message) })

describe('enableUnits', () => {
  it('makes symlinks to the folder it is told', () => {
    expect(enable({ 'web.service': 'WantedBy=multi-user.target\nAlias=www.service' }, 'web.service')).toEqual({
      links: [
        { path: 'multi-user.target.wants/web.service', target: '/etc/systemd-mutable/system/web.service' },
        { path: 'www.service', target: '/etc/systemd-mutable/system/web.service' },
      ],
      warnings: [],
    })
  })

  it('enables a hundred thousand units, each by its drop-in', () => {
    const names = Array.from({ length: 100_000 }, (_, i) => `u${i}.service`)
    const units = names.flatMap(name => [[name, '#'] as const, [`${name}.d/a.conf`, 'WantedBy=x.target'] as const])
    expect(enable(Object.fromEntries(units), ...names).links).toHaveLength(names.length)
  })

  it('has symlinks for UpheldBy=, which systemd reads since 254', () => {
    expect(enable({ 'a@.service': 'UpheldBy=x@.target' }, 'a@i.service').links).toEqual([
      { path: 'x@.target.upholds/a@i.service', target: '/etc/systemd-mutable/system/a@.service' },
    ])
  })

  it('gives the same whatever the order of units and names', () => {
    const units = { 'a.service': 'WantedBy=y.target x.target', 'b.service': 'RequiredBy=x.target\nAlso=a.service' }
    const { 'a.service': a, 'b.service': b } = units
    const expected = enable(units, 'a.service', 'b.service')
    expect(expected.links).toHaveLength(3)
    expect(enable({ 'b.service': b, 'a.service': a }, 'b.service', 'a.service', 'b.service')).toEqual(expected)
    expect(enable(units, 'b.service')).toEqual(expected)
  })

  it('makes nothing of nothing', () => {
    expect(enable({ 'a.service': 'WantedBy=x.target' })).toEqual({ links: [], warnings: [] })
  })

  it.each([
    ['of a unit that nothing starts', { 'a.service': '#' }, 'a.service: nothing in its [Install] section'],
    ['of a unit in Also= that is not there', { 'a.service': 'Also=b.service' }, 'b.service: has no unit file'],
    ['of a masked unit in Also=', { 'a.service': 'Also=b.service', 'b.service': '' }, 'b.service: is masked'],
    [
      'of a name in Also= that is another name',
      { 'a.service': 'Alias=b.service\nAlso=b.service' },
      'b.service: has no',
    ],
    [
      'of settings that are none',
      { 'a.service': 'Wants=b\nX-A=b\nWantedBy=x.target' },
      'a.service line 2, Wants= is passed',
    ],
  ])('warns %s', (_, units, warning) => {
    expect(enable(units, 'a.service').warnings).toMatchObject([{ message: expect.stringContaining(warning) }])
  })

  it.each<[string, Record<string, string>, string, string | RegExp, number?]>([
    ['specifiers that tell of a machine', { 'a.service': '\nWantedBy=%H.target' }, 'a.service', 'not %H', 3],
    ['a percent sign at the end', { 'a.service': 'WantedBy=x.target%' }, 'a.service', 'not %$', 2],
    ['quotes that are not closed', { 'a.service': 'WantedBy=x.target "y.target' }, 'a.service', 'quote'],
    [
      'a template with nothing to start',
      { 'a@.service': 'WantedBy=x.target' },
      'a@.service',
      'enable an instance, a@NAME.service',
      2,
    ],
    [
      'what a drop-in has wrong',
      { 'a.service': '#', 'a.service.d/1.conf': 'WantedBy=x' },
      'a.service',
      /^a.service.d\/1.conf line 2, WantedBy=: "x"/,
      2,
    ],
    [
      'a name that is too long',
      { 'a@.service': `DefaultInstance=${'i'.repeat(246)}` },
      'a@.service',
      'is not the name of a unit',
      2,
    ],
    [
      'a name that another unit was given',
      { 'a@.service': 'Alias=b@.service', 'b@.service': 'WantedBy=x.target' },
      'a@i.service,b@i.service',
      'is another name for',
    ],
  ])('refuses %s', (_, units, names, message, line) => {
    expect(() => enable(units, ...names.split(','))).toThrow(invalid(message, line))
  })
})

describe('installReferences', () => {
  it('are the units in Also=, of drop-ins, too', () => {
    const units = unitsOf({ 'a@.service': 'Also=a-%i.socket b.service', 'a@.service.d/1.conf': 'Also=c.service' })
    expect(installReferences(units, 'a@i.service')).toEqual(['a-i.socket', 'b.service', 'c.service'])
    expect(installReferences(units, 'b.service')).toEqual([])
  })
})

describe('checkUnitName', () => {
  it.each([
    ...[
      'a.service',
      'a@.service',
      'a@i.service',
      'a@i@j.service',
      '-.mount',
      'a.b.socket',
      '_:-.\\x2d.path',
      '..slice',
    ],
    ...['a.service.service', `${'a'.repeat(249)}.mount`, 'x.automount', 'x.swap', 'x.timer', 'x.scope', 'x.device'],
  ])('takes %s', name => {
    expect(checkUnitName(name)).toBe(name)
    expect(maskLink(name)).toEqual({ path: name, target: '/dev/null' })
  })

  it.each([
    ...['', 'a', '.service', 'a.', 'a.servic', 'a.Service', '@.service', '@i.service', 'a b.service', 'ä.service'],
    ...[
      'a/b.service',
      '../a.service',
      'a%i.service',
      'a.service\n',
      'a.service.d',
      'a.snapshot',
      `${'a'.repeat(250)}.mount`,
    ],
  ])('refuses %j', name => {
    expect(() => checkUnitName(name)).toThrow(invalid('is not the name of a unit'))
    expect(() => maskLink(name)).toThrow(invalid('is not the name of a unit'))
  })
})
