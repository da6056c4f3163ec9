import { describe, expect, it } from 'vitest'
import type { ImageEntry, SystemdStubs, UnitStub } from '../../../src/index.ts'
import { createChrootStore } from '../../chroot-store.ts'
import { PROGRAM } from '../../nixos-store.ts'
import { temporaryFolder } from '../../temporary.ts'
import { buildWith, COMMIT, createManagedStore, entriesOf, UNIT } from './stub-support.ts'

/** A unit as NixOS writes it: it has no [Install] section. */
const NIXOS_UNIT = '[Service]\nExecStart=/bin/true\n'

describe('a unit of a NixOS system', () => {
  it.each(['multi-user.target.wants', 'sockets.target.requires'])(
    'is enabled without a word if %s starts it',
    async folder => {
      const units = { ...COMMIT, 'web.service': NIXOS_UNIT, [`${folder}/web.service`]: NIXOS_UNIT }
      const { warnings } = await buildWith(createManagedStore({ units }), {
        units: { 'web.service': { enable: true } },
      })
      expect(warnings).toEqual([])
    },
  )

  it('is not enabled if nothing starts it, and a drop-in enables it', async () => {
    const store = createManagedStore({ units: { ...COMMIT, 'web.service': NIXOS_UNIT } })
    const plain = await buildWith(store, { units: { 'web.service': { enable: true } } })
    expect(plain.warnings).toEqual([
      'web.service: nothing in its [Install] section says when to start it, so it is not enabled; ' +
        'give it a drop-in in systemd.units with the lines [Install] and WantedBy=multi-user.target',
    ])
    const dropIns = { 'install.conf': '[Install]\nWantedBy=multi-user.target\n' }
    const { entries, warnings } = await buildWith(store, { units: { 'web.service': { enable: true, dropIns } } })
    expect(warnings).toEqual([])
    expect(entries['etc/systemd/system.attached/multi-user.target.wants/web.service']).toBe(
      '-> /etc/systemd/system/web.service',
    )
  })

  it('is not enabled if it is masked, although something would start it', async () => {
    const units = {
      ...COMMIT,
      'web.service': `${NIXOS_UNIT}[Install]\nAlso=db.service\nWantedBy=multi-user.target\n`,
      'db.service': null,
      'multi-user.target.wants/db.service': null,
    }
    const { warnings } = await buildWith(createManagedStore({ units }), { units: { 'web.service': { enable: true } } })
    expect(warnings).toEqual([expect.stringContaining('db.service: is masked')])
  })
})

/** Builds an image without a toplevel that has these files, and symlinks where a text begins with `-> `. */
function buildPlain(files: Record<string, string>, systemd: SystemdStubs) {
  const store = createChrootStore(temporaryFolder())
  const roots = [store.add('agetty', PROGRAM)]
  return entriesOf({ source: store.source, roots, entries: imageEntries(files), systemd })
}

function imageEntries(files: Record<string, string>): ImageEntry[] {
  return Object.entries(files).map(([path, text]) => {
    const [, target] = /^-> (.*)/.exec(text) ?? []
    return target === undefined ? { type: 'file', path, contents: text } : { type: 'symlink', path, target }
  })
}

describe('a unit among the entries of an image', () => {
  it.each([['/etc/systemd/system'], ['/usr/local/lib/systemd/system'], ['/etc/systemd/system.control']])(
    'is enabled from %s',
    async folder => {
      const systemd = { units: { 'app.service': { enable: true } }, gettys: false }
      const { entries } = await buildPlain({ [`${folder}/app.service`]: UNIT }, systemd)
      const link = 'etc/systemd/system/multi-user.target.wants/app.service'
      expect(entries[link]).toBe(`-> ${folder}/app.service`)
    },
  )

  it('is enabled on NixOS from the folders that its activation leaves alone', async () => {
    const { toplevel, source } = createManagedStore()
    const files = { '/etc/systemd/system.attached/app.service': UNIT }
    const systemd = { units: { 'app.service': { enable: true } } }
    const { entries } = await entriesOf({ toplevel, source, entries: imageEntries(files), systemd })
    expect(entries['etc/systemd/system.attached/multi-user.target.wants/app.service']).toBe(
      '-> /etc/systemd/system.attached/app.service',
    )
  })

  it('is an error on NixOS where the system replaces its folder', async () => {
    const { toplevel, source } = createManagedStore()
    const entries = imageEntries({ '/etc/systemd/system/app.service': UNIT })
    const systemd = { units: { 'app.service': { enable: true } } }
    await expect(entriesOf({ toplevel, source, entries, systemd })).rejects.toMatchObject({
      code: 'UNIT_INVALID',
      message:
        'app.service: its file in /etc/systemd/system is lost, because NixOS replaces that folder by a symlink at each ' +
        'boot; give its text or file in systemd.units instead',
    })
  })

  it('is left out of Also= there, with a warning', async () => {
    const { toplevel, source } = createManagedStore()
    const entries = imageEntries({ '/etc/systemd/system/app.service': UNIT })
    const text = `${UNIT}Also=app.service\n`
    const units = { 'web.service': { text, enable: true } }
    const { warnings } = await entriesOf({ toplevel, source, entries, systemd: { units } })
    expect(warnings).toContainEqual(expect.stringMatching(/^app\.service.*Also=/))
  })

  it('overrides a unit of the store paths', async () => {
    const files = { '/etc/systemd/system/app.service': UNIT, '/usr/lib/systemd/system/app.service': '[Service]\n' }
    const { entries } = await buildPlain(files, { units: { 'app.service': { enable: true } }, gettys: false })
    expect(entries['etc/systemd/system/hi.service']).toBe('-> /etc/systemd/system/app.service')
  })

  it('may be enabled already', async () => {
    const link = '/etc/systemd/system/multi-user.target.wants/app.service'
    const alias = '/etc/systemd/system/hi.service'
    const path = '/usr/lib/systemd/system/app.service'
    const files = { [path]: UNIT, [link]: `-> ../../../..${path}`, [alias]: `-> ../../..${path}` }
    const systemd = { units: { 'app.service': { enable: true } }, gettys: false }
    const { entries } = await buildPlain(files, systemd)
    expect(entries[link.slice(1)]).toBe(files[link])
    expect(entries[alias.slice(1)]).toBe(files[alias])
    await expect(buildPlain({ ...files, [alias]: NIXOS_UNIT }, systemd)).rejects.toMatchObject({
      code: 'TREE_CONFLICT',
    })
  })

  it.each([
    ['a unit', '[Service]\nExecStart=/bin/mine\n'],
    ['a mask', '-> /dev/null'],
  ])('is left alone where logins would be added: %s', async (_, text) => {
    const path = '/etc/systemd/system/console-getty.service'
    for (const gettys of [undefined, true]) {
      const { entries } = await buildPlain({ [path]: text, '/etc/systemd/system/getty.target': text }, { gettys })
      expect(entries[path.slice(1)]).toBe(text)
      expect(entries['etc/systemd/system/getty.target']).toBe(text)
      expect(entries).toHaveProperty(['etc/systemd/system/container-getty@.service'])
    }
  })

  it('stays instead of the mask against questions at the first boot', async () => {
    const path = '/etc/systemd/system/systemd-firstboot.service'
    const { entries } = await buildPlain({ [path]: UNIT, [path.replace('/etc', '/usr/lib')]: UNIT }, {})
    expect(entries[path.slice(1)]).toBe(UNIT)
  })

  it('in the way of a login makes an error that says how to leave the logins out', async () => {
    const link = '/etc/systemd/system/getty.target.wants/console-getty.service'
    await expect(buildPlain({ [link]: '-> /gone' }, {})).rejects.toMatchObject({
      code: 'TREE_CONFLICT',
      message: expect.stringContaining('the logins of the systemd stubs (none with gettys: false)'),
    })
  })
})

describe('an error about a unit says where the unit is declared', () => {
  it.each([
    ['b@x.mount', '[Install]\nWantedBy=x.target\n', 'there are no templates of type mount'],
    ['a.service', '[Install]\nAlso=x\n', 'a.service line 2, Also='],
    ['a.service', '[Install]\nWantedBy=x\n', 'a.service line 2, WantedBy='],
  ])('%s', async (name, text, message) => {
    const origin = 'image.yaml:7:3'
    const units = { [name]: { text, enable: true, origin } }
    await expect(buildPlain({}, { units })).rejects.toMatchObject({
      code: 'UNIT_INVALID',
      message: expect.stringMatching(new RegExp(`^${origin}: .*${message}`)),
    })
  })
})

describe('a declared unit that does nothing is warned of', () => {
  const SYSTEM = {
    ...COMMIT,
    'web.service': NIXOS_UNIT,
    'getty@.service': NIXOS_UNIT,
    'multi-user.target.wants/web.service': NIXOS_UNIT,
  }
  const warningsOf = async (units: SystemdStubs['units']) =>
    (await buildWith(createManagedStore({ units: SYSTEM }), { units })).warnings
  const dropIns = { '10-a.conf': '[Service]\nNice=5\n' }

  it.each<[string, UnitStub, string]>([
    [
      'web.service',
      { enable: false },
      'enable: false does not disable a unit of the closure; to keep it from starting,',
    ],
    ['web.service', { enable: false, dropIns }, 'enable: false does not disable'],
    ['typo.service', { enable: false }, 'is not enabled, but there is no such unit in the image; correct the name'],
    ['typo.service', { dropIns }, 'has drop-ins, but there is no such unit in the image; correct the name'],
    ['typo@tty1.service', { dropIns }, 'has drop-ins, but there is no such unit in the image'],
    ['typo@tty1.service', { mask: true }, 'is masked, but there is no such unit in the image'],
  ])('%s: %j', async (name, stub, message) => {
    const place = `${name} (image.yaml:7:3): `
    expect(await warningsOf({ [name]: { ...stub, origin: 'image.yaml:7:3' } })).toEqual([
      expect.stringContaining(place + message),
    ])
  })

  it.each<[string, UnitStub]>([
    ['web.service', { dropIns }],
    ['getty@tty1.service', { dropIns }],
    ['getty@tty1.service', { mask: true }],
    // Nothing starts it.
    ['getty@tty1.service', { enable: false }],
    ['console-getty.service', { enable: false }],
    ['typo.service', { dropIns: {} }],
    ['web.service', { mask: true, enable: false }],
    ['new.service', { text: NIXOS_UNIT, enable: false, dropIns }],
    ['web-.service', { dropIns }],
    ['system.slice', { dropIns }],
    ['dev-sda.device', { dropIns }],
    ['-.mount', { dropIns }],
    ['console-getty.service', { dropIns }],
  ])('unless there is such a unit, or none is needed: %s %j', async (name, stub) => {
    expect(await warningsOf({ [name]: stub })).toEqual([])
  })

  it('unless another unit has this other name, or the image has it besides its store paths', async () => {
    const alias = { 'new.service': { text: UNIT, enable: true }, 'hi.service': { dropIns } }
    expect(await warningsOf(alias)).toEqual([])
    const files = { '/etc/systemd/system/app.service': UNIT }
    const { warnings } = await buildPlain(files, { units: { 'app.service': { enable: false, dropIns } } })
    expect(warnings.filter(message => message.startsWith('app'))).toEqual([])
    const script = imageEntries({ '/etc/init.d/old': '#!/bin/sh\n' }).map(entry => ({ ...entry, mode: 0o755 }))
    const { source, toplevel } = createManagedStore()
    const built = await entriesOf({
      toplevel,
      source,
      entries: script,
      systemd: { units: { 'old.service': { dropIns } } },
    })
    expect(built.warnings).toEqual([])
  })
})

describe('a drop-in of a NixOS system', () => {
  const units = { ...COMMIT, 'web.service': NIXOS_UNIT, 'web.service.d/overrides.conf': NIXOS_UNIT }
  const systemConf = '[Manager]\nManagerEnvironment=SYSTEMD_UNIT_PATH=/etc/systemd-mutable/system:\n'

  it.each([
    ['in front of it', systemConf],
    ['behind it', ''],
  ])('keeps its name for itself, be the folder for units %s', async (_, systemConf) => {
    const store = createManagedStore({ units, systemConf })
    const declare = (file: string) => ({
      units: { 'web.service': { dropIns: { [file]: '[Service]\nNice=5\n' }, origin: 'image.yaml:7:3' } },
    })
    await expect(buildWith(store, declare('overrides.conf'))).rejects.toMatchObject({
      code: 'STUB_INVALID',
      message:
        'image.yaml:7:3: the NixOS system has a drop-in overrides.conf in web.service.d, too, and systemd reads only one of ' +
        'them; give this one another name',
    })
    expect((await buildWith(store, declare('10-nice.conf'))).warnings).toEqual([])
  })

  it('of a template is that of its instances', async () => {
    const store = createManagedStore({
      units: { ...COMMIT, 'a@.service': NIXOS_UNIT, 'a@.service.d/overrides.conf': NIXOS_UNIT },
    })
    const dropIns = { 'overrides.conf': '[Service]\nNice=5\n' }
    await expect(buildWith(store, { units: { 'a@i.service': { dropIns } } })).rejects.toMatchObject({
      message: expect.stringContaining('overrides.conf in a@.service.d, too'),
    })
  })

  it('elsewhere is overridden by one of the same name', async () => {
    const files = { '/usr/lib/systemd/system/app.service': UNIT, '/usr/lib/systemd/system/app.service.d/a.conf': UNIT }
    const dropIns = { 'a.conf': '[Service]\nNice=5\n' }
    const { entries } = await buildPlain(files, { units: { 'app.service': { dropIns } }, gettys: false })
    expect(entries['etc/systemd/system/app.service.d/a.conf']).toBe(dropIns['a.conf'])
  })
})

describe('another name of a unit', () => {
  const text = '[Install]\nAlias=ssh.service new.service\n'

  it('overrides a unit of the NixOS system that has it', async () => {
    const store = createManagedStore({ units: { ...COMMIT, 'ssh.service': NIXOS_UNIT } })
    const { entries } = await buildWith(store, { units: { 'mine.service': { text, enable: true } } })
    const target = '-> /etc/systemd/system.attached/mine.service'
    expect(entries['etc/systemd/system.control/ssh.service']).toBe(target)
    expect(entries).not.toHaveProperty(['etc/systemd/system.attached/ssh.service'])
    expect(entries['etc/systemd/system.attached/new.service']).toBe(target)
  })
})

describe('a unit is warned of if none of the image is to start it', () => {
  const SYSTEM = { ...COMMIT, 'multi-user.target': '[Unit]\n', 'at@.target': '[Unit]\n' }
  const warningsOf = async (
    install: string,
    units: Record<string, string> = SYSTEM,
    others: SystemdStubs['units'] = {},
  ) => {
    const text = `[Install]\n${install}\n`
    const declared = { 'web.service': { text, enable: true }, ...others }
    return (await buildWith(createManagedStore({ units }), { units: declared })).warnings
  }

  it.each([
    ['WantedBy=mutli-user.target multi-user.target', 'mutli-user.target'],
    ['RequiredBy=mutli-user.target', 'mutli-user.target'],
    ['UpheldBy=db.service', 'db.service'],
    ['Alias=typo.target.wants/web.service', 'typo.target'],
  ])('%s', async (install, name) => {
    expect(await warningsOf(install)).toEqual([
      `web.service: ${name} is to start it, but there is no such unit in the image; correct its [Install] section`,
    ])
  })

  it.each([
    'WantedBy=multi-user.target',
    'WantedBy=at@x.target',
    'WantedBy=getty.target new.target alias.target',
    'WantedBy=dev-sda.device srv.mount system.slice',
    'Alias=www.service',
  ])('unless it is known, or needs no file: %s', async install => {
    const others = { 'new.target': { text: '[Install]\nAlias=alias.target\n', enable: true } }
    expect(await warningsOf(install, SYSTEM, others)).toEqual([])
  })

  it('unless the build does not see the units of systemd, or generators may make it', async () => {
    expect(await warningsOf('WantedBy=mutli-user.target', COMMIT)).toEqual([])
    const text = '[Install]\nWantedBy=generated.service typo.target\n'
    const files = { '/usr/lib/systemd/system/multi-user.target': '[Unit]\n' }
    const { warnings } = await buildPlain(files, { units: { 'web.service': { text, enable: true } } })
    expect(warnings.filter(message => message.startsWith('web'))).toEqual([
      expect.stringContaining('typo.target is to start it'),
    ])
  })
})
