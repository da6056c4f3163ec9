import { describe, expect, it } from 'vitest'
import { define, type ImageSpec, type SystemdStubs } from '../../../src/index.ts'
import { createChrootStore } from '../../chroot-store.ts'
import { createNixosStore, PROGRAM } from '../../nixos-store.ts'
import { temporaryFolder } from '../../temporary.ts'
import { buildWith, COMMIT, createManagedStore, entriesOf, type System, UNIT } from './stub-support.ts'

describe('systemd stubs', () => {
  it('by default are a first boot and logins', async () => {
    const { entries, warnings } = await buildWith(createManagedStore(), {})
    expect(entries['etc/machine-id']).toBe('uninitialized\n')
    const getty = entries['etc/systemd/system.attached/container-getty@.service']
    expect(getty).toContain(
      'ExecStart=-/run/current-system/sw/bin/agetty --login-program /run/current-system/sw/bin/login ',
    )
    expect(Object.keys(entries)).toContain('etc/systemd/system.attached/console-getty.service')
    expect(warnings).toEqual([])
  })

  it('mask what would ask questions at the first boot, unless it is spoken of', async () => {
    const store = createManagedStore({ units: { 'systemd-firstboot.service': UNIT } })
    const path = 'etc/systemd/system.control/systemd-firstboot.service'
    expect((await buildWith(store, {})).entries[path]).toBe('-> /dev/null')
    const { entries } = await buildWith(store, { units: { 'systemd-firstboot.service': { enable: false } } })
    expect(entries).not.toHaveProperty([path])
  })

  describe('for logins', () => {
    const AGETTY = '[Service]\nExecStart=-/sbin/agetty x\n'
    const OVERRIDES = '[Service]\nExecStart=\nExecStart=-/run/current-system/sw/bin/agetty x\n'
    const WORKING = {
      'getty.target': '[Unit]\n',
      'multi-user.target.wants/getty.target': '[Unit]\n',
      'console-getty.service': AGETTY,
      'console-getty.service.d/overrides.conf': OVERRIDES,
      'container-getty@.service': AGETTY,
      'container-getty@.service.d/overrides.conf': OVERRIDES,
    }
    const gettysOf = async (system: System, stubs: SystemdStubs = {}) => {
      const { entries, warnings } = await buildWith(createManagedStore(system), stubs)
      return { files: Object.keys(entries).filter(name => /getty.*[^/]$/.test(name)), entries, warnings }
    }

    it('leave those alone that the system has', async () => {
      expect((await gettysOf({ units: WORKING })).files).toEqual([])
    })

    it('add those that the system lacks, with the target that starts them', async () => {
      const { files, entries } = await gettysOf({})
      const attached = 'etc/systemd/system.attached'
      expect(files).toEqual([
        `${attached}/console-getty.service`,
        `${attached}/container-getty@.service`,
        `${attached}/getty.target`,
        `${attached}/getty.target.wants/console-getty.service`,
        `${attached}/multi-user.target.wants/getty.target`,
      ])
      expect(entries[files[3]]).toBe(`-> /${attached}/console-getty.service`)
    })

    it('are those of an image of which nothing is declared, too', async () => {
      const { toplevel, source } = createManagedStore()
      const { entries } = await entriesOf({ toplevel, source })
      expect(entries).toHaveProperty(['etc/systemd/system.attached/container-getty@.service'])
      expect(entries).not.toHaveProperty(['etc/machine-id'])
    })

    it('leave the machine ID to an image of which nothing is declared', async () => {
      const { toplevel, source } = createManagedStore({ units: {} })
      expect((await entriesOf({ toplevel, source })).entries['etc/machine-id']).toBe('')
      const own = [{ type: 'file', path: '/etc/machine-id', contents: 'uninitialized\n' }] as const
      const { entries } = await entriesOf({ toplevel, source, entries: own })
      expect(entries['etc/machine-id']).toBe('uninitialized\n')
    })

    it('override those that are masked', async () => {
      const { files, entries } = await gettysOf({ units: { ...WORKING, 'console-getty.service': null } })
      expect(files).toEqual([
        'etc/systemd/system.attached/getty.target.wants/console-getty.service',
        'etc/systemd/system.control/console-getty.service',
        'etc/systemd/system.control/console-getty.service.d/zz-programs.conf',
      ])
      expect(entries[files[0]]).toBe('-> /etc/systemd/system.control/console-getty.service')
    })

    it('change the programs of those that the system starts without having them', async () => {
      const missing = OVERRIDES.replace('agetty', 'mingetty')
      const { files, entries } = await gettysOf({
        units: { ...WORKING, 'container-getty@.service.d/overrides.conf': missing },
      })
      expect(files).toEqual(['etc/systemd/system.control/container-getty@.service.d/zz-programs.conf'])
      expect(entries[files[0]]).toMatch(/^\[Service\]\nExecStart=\nExecStart=-\/run\/current-system\/sw\/bin\/agetty /)
    })

    it('leave those alone whose program is made at boot', async () => {
      const wrapped = OVERRIDES.replace('/run/current-system/sw', '/run/wrappers')
      const units = { ...WORKING, 'console-getty.service.d/overrides.conf': wrapped }
      expect((await gettysOf({ units })).files).toEqual([])
    })

    it('warn where nobody could log in', async () => {
      const { files, warnings } = await gettysOf({ hasLogin: false })
      expect(files).toEqual([expect.stringMatching(/getty\.target$/), expect.stringMatching(/getty\.target$/)])
      expect(warnings).toEqual(
        expect.arrayContaining([expect.stringContaining('container-getty@.service: nobody can log in there')]),
      )
    })

    it('take programs that no path leads to from their packages', async () => {
      const store = createManagedStore({ hasLogin: false })
      const roots = [
        store.add('util-linux-2.41-bin', { children: { bin: { children: { agetty: PROGRAM } } } }),
        store.add('shadow-4.17', { children: { bin: { children: { login: PROGRAM } } } }),
      ]
      const { entries } = await entriesOf({ toplevel: store.toplevel, roots, source: store.source })
      expect(entries['etc/systemd/system.attached/console-getty.service']).toContain(
        `ExecStart=-${roots[0]}/bin/agetty --login-program ${roots[1]}/bin/login `,
      )
    })
  })

  it('replace logins whose program is not in the image by such that are', async () => {
    const store = createChrootStore(temporaryFolder())
    const children = { 'container-getty@.service': { contents: '[Service]\nExecStart=-/sbin/agetty x\n' } }
    const units = store.add('units', { children })
    const agetty = store.add('agetty', PROGRAM)
    const link = (path: string, target: string) => ({ type: 'symlink', path, target }) as const
    const entries = [link('/usr/lib/systemd/system', units), link('/usr/bin/agetty', agetty)]
    const path = 'etc/systemd/system/container-getty@.service'
    const image = { source: store.source, systemd: { machineId: 'missing' } }
    const built = await entriesOf({ ...image, entries })
    expect(built.entries[path]).toContain('ExecStart=-/usr/bin/agetty --login-program /bin/login ')
    const whole = await entriesOf({ ...image, entries: [...entries, link('/sbin/agetty', agetty)] })
    expect(whole.entries).not.toHaveProperty([path])
  })

  it('go where the NixOS system looks for units that are not its own', async () => {
    const units = { 'hello.service': { text: UNIT, enable: true } }
    const attached = await buildWith(createManagedStore(), { units })
    expect(attached.entries).toMatchObject({
      'etc/systemd/system.attached/hello.service': UNIT,
      'etc/systemd/system.attached/hi.service': '-> /etc/systemd/system.attached/hello.service',
      'etc/systemd/system.attached/multi-user.target.wants/hello.service':
        '-> /etc/systemd/system.attached/hello.service',
    })
    const systemConf =
      "[Manager]\nManagerEnvironment=PATH=/x TZDIR=/y 'SYSTEMD_UNIT_PATH=/run/units:/etc/systemd-mutable/system:/b:' A=b\n"
    const mutable = await buildWith(createManagedStore({ systemConf }), { units })
    expect(mutable.entries).toHaveProperty(['etc/systemd-mutable/system/hello.service'], UNIT)
    for (const { entries } of [attached, mutable]) {
      expect(Object.keys(entries).filter(name => name.startsWith('etc/systemd/system/'))).toEqual([])
    }
  })

  it.each([
    ['/etc/systemd-mutable/system/:', '/etc/systemd-mutable/system'],
    ['/etc/../m:/etc/systemd/system:/etc/tmpfiles.d:/run/units:relative:', '/etc/systemd/system.attached'],
    ["'/srv/un'\\''its':", "/srv/un'its"],
  ])('go to a folder of SYSTEMD_UNIT_PATH=%s only if they can stay there', async (path, folder) => {
    const systemConf = `[Manager]\nManagerEnvironment=A='it'\\''s' SYSTEMD_UNIT_PATH=${path}\n`
    const units = { 'hello.service': { text: UNIT } }
    const { entries } = await buildWith(createManagedStore({ systemConf }), { units })
    expect(entries).toHaveProperty([`${folder.slice(1)}/hello.service`])
  })

  it('enable units that the system has', async () => {
    const { entries } = await buildWith(createManagedStore(), { units: { 'sshd.service': { enable: true } } })
    expect(entries).toMatchObject({
      'etc/systemd/system.attached/ssh.service': '-> /etc/systemd/system/sshd.service',
      'etc/systemd/system.attached/multi-user.target.wants/sshd.service': '-> /etc/systemd/system/sshd.service',
    })
  })

  it('count more than units of the system, where they have its names or mask them', async () => {
    const units = {
      'sshd.service': { text: UNIT },
      'motd.timer': { mask: true },
      'console-getty.service': { mask: true },
    }
    const store = createManagedStore({ units: { ...COMMIT, 'motd.timer': UNIT } })
    const { entries, warnings } = await buildWith(store, { units })
    expect(entries).toMatchObject({
      'etc/systemd/system.control/sshd.service': UNIT,
      'etc/systemd/system.control/motd.timer': '-> /dev/null',
      'etc/systemd/system.control/console-getty.service': '-> /dev/null',
    })
    expect(warnings).toEqual([expect.stringContaining('console-getty.service (the systemd stubs): is masked, but')])
    const systemConf = '[Manager]\nManagerEnvironment=SYSTEMD_UNIT_PATH=/etc/systemd-mutable/system:\n'
    const mutable = await buildWith(createManagedStore({ systemConf }), { units })
    expect(mutable.entries['etc/systemd-mutable/system/sshd.service']).toBe(UNIT)
  })

  it('override a unit that the system masks, and do not enable one', async () => {
    const store = createManagedStore({ units: { ...COMMIT, 'motd.timer': null } })
    const { entries } = await buildWith(store, { units: { 'motd.timer': { text: UNIT } } })
    expect(entries['etc/systemd/system.control/motd.timer']).toBe(UNIT)
    await expect(buildWith(store, { units: { 'motd.timer': { enable: true } } })).rejects.toMatchObject({
      message: expect.stringContaining('motd.timer: is masked'),
    })
  })

  it('refuse to enable a unit that nobody has', async () => {
    const built = buildWith(createManagedStore(), { units: { 'none.service': { enable: true } } })
    await expect(built).rejects.toMatchObject({
      code: 'UNIT_INVALID',
      message: expect.stringContaining('none.service'),
    })
  })

  it('warn of what the system puts there itself, and of what is in its way', async () => {
    const { warnings } = await buildWith(createManagedStore(), { hostname: 'mine', tmpfiles: { 'a.conf': '' } })
    expect(warnings).toEqual([
      expect.stringContaining('/etc/hostname (the systemd stubs): the NixOS system replaces it at each boot'),
      expect.stringContaining(
        '/etc/tmpfiles.d (the systemd stubs): the NixOS system cannot put its own there, because',
      ),
    ])
  })

  it('warn of nothing that the system leaves alone', async () => {
    const { toplevel, source } = createManagedStore()
    const entries = [
      { type: 'file', path: '/etc/sudoers.mode', contents: '' },
      { type: 'directory', path: '/etc/tmpfiles.d' },
      { type: 'symlink', path: '/etc/hostname', target: '/etc/static/hostname' },
      { type: 'file', path: '/etc/os-release.d/mine', contents: '' },
    ] as const
    expect((await entriesOf({ toplevel, source, entries })).warnings).toEqual([])
    const copied = [{ type: 'file', path: '/etc/sudoers', contents: '' }] as const
    expect((await entriesOf({ toplevel, source, entries: copied })).warnings).toEqual([
      expect.stringContaining('/etc/sudoers (the spec'),
    ])
  })

  it('warn of users that nothing in the system would make', async () => {
    const sysusers = { 'web.conf': 'u web 1000\n' }
    expect((await buildWith(createManagedStore(), { sysusers })).warnings).toEqual([
      'sysusers (the systemd stubs): the NixOS system has no systemd-sysusers.service, so nothing reads these files; ' +
        'declare users.users in its configuration instead',
    ])
    const units = { ...COMMIT, 'systemd-sysusers.service': '[Service]\n' }
    expect((await buildWith(createManagedStore({ units }), { sysusers })).warnings).toEqual([])
  })

  it('warn of a time zone that systemd-nspawn replaces by that of the host', async () => {
    const { toplevel, source } = createManagedStore()
    const warningsWith = async (nspawn?: ImageSpec['nspawn']) =>
      (await entriesOf({ toplevel, source, systemd: { timezone: 'Europe/Berlin' }, nspawn })).warnings
    const warning =
      'timezone (the systemd stubs): systemd-nspawn replaces it by the time zone of the host when the machine starts; ' +
      'to keep it, set Timezone to off in [Exec] of the nspawn settings'
    for (const nspawn of [
      undefined,
      { Exec: { Boot: true } },
      { Exec: { Timezone: 'copy' } },
      '[Exec]\nTimezone=1\n',
    ]) {
      expect(await warningsWith(nspawn as ImageSpec['nspawn'])).toEqual([warning])
    }
    for (const nspawn of [{ Exec: { Timezone: 'off' } }, { Exec: { Timezone: false } }, '[Exec]\nTimezone=no\n']) {
      expect(await warningsWith(nspawn as ImageSpec['nspawn'])).toEqual([])
    }
  })

  it('link the time zone where the system has them', async () => {
    const stubs = { timezone: 'Europe/Berlin' }
    expect((await buildWith(createManagedStore(), stubs)).entries['etc/localtime']).toBe(
      '-> /etc/zoneinfo/Europe/Berlin',
    )
    const { toplevel, source } = createNixosStore(temporaryFolder())
    const plain = await entriesOf({ toplevel, source, systemd: stubs })
    expect(plain.entries['etc/localtime']).toBe('-> ../usr/share/zoneinfo/Europe/Berlin')
  })

  it('have no first boot where none would end', async () => {
    const build2405 = (machineId?: 'uninitialized') => buildWith(createManagedStore({ units: {} }), { machineId })
    expect((await build2405()).entries['etc/machine-id']).toBe('')
    const masked = createManagedStore({ units: { 'systemd-machine-id-commit.service': null } })
    expect((await buildWith(masked, {})).entries['etc/machine-id']).toBe('')
    const { entries, warnings } = await build2405('uninitialized')
    expect(entries['etc/machine-id']).toBe('uninitialized\n')
    expect(warnings).toEqual([expect.stringContaining('machineId (the systemd stubs): every boot is a first boot')])
  })

  it('leave the machine ID to an entry, unless they say something of it', async () => {
    const idOf = async (store: ReturnType<typeof createManagedStore>, contents: string, systemd: SystemdStubs = {}) => {
      const entries = [{ type: 'file', path: '/etc/machine-id', contents, origin: 'mine' }] as const
      const built = await entriesOf({ toplevel: store.toplevel, source: store.source, entries, systemd })
      return [built.entries['etc/machine-id'], built.warnings]
    }
    const id = `${'1'.repeat(32)}\n`
    for (const contents of ['', 'uninitialized\n', id]) {
      expect(await idOf(createManagedStore(), contents)).toEqual([contents, []])
    }
    expect(await idOf(createManagedStore(), '', { units: { 'sshd.service': { enable: true } } })).toEqual(['', []])
    // A system whose first boots do not end.
    const older = createManagedStore({ units: {} })
    for (const contents of ['', id]) expect(await idOf(older, contents)).toEqual([contents, []])
    expect(await idOf(older, 'uninitialized\n')).toEqual([
      'uninitialized\n',
      [expect.stringMatching(/^\/etc\/machine-id \(mine\): every boot is a first boot, .*; give it no text$/)],
    ])
    await expect(idOf(createManagedStore(), '', { machineId: 'uninitialized' })).rejects.toThrow(/mine/)
  })

  it('leave the machine ID to the file of a declaration', async () => {
    const { toplevel, source } = createManagedStore()
    const closure = { toplevel, store: source.store, closureInfo: source.closureInfo }
    const spec = await define({ closure, files: { '/etc/machine-id': { text: '' } } })
    expect((await entriesOf(spec)).entries['etc/machine-id']).toBe('')
  })

  it('lie in /etc/systemd/system where no NixOS manages it', async () => {
    const { toplevel, source } = createNixosStore(temporaryFolder())
    const units = { 'hello.service': { text: UNIT, enable: true, dropIns: { 'a.conf': '[Service]\n' } } }
    const { entries } = await entriesOf({ toplevel, source, systemd: { units, gettys: false } })
    expect(entries).toMatchObject({
      'etc/systemd/system/hello.service': UNIT,
      'etc/systemd/system/hello.service.d/a.conf': '[Service]\n',
      'etc/systemd/system/multi-user.target.wants/hello.service': '-> /etc/systemd/system/hello.service',
    })
  })

  it('find units through the links of a plain image', async () => {
    const store = createChrootStore(temporaryFolder())
    const systemd = store.add('systemd', {
      children: {
        lib: { children: { systemd: { children: { system: { children: { 'a.service': { contents: UNIT } } } } } } },
      },
    })
    const { entries } = await entriesOf({
      source: store.source,
      entries: [{ type: 'symlink', path: '/usr/lib/systemd', target: `${systemd}/lib/systemd` }],
      systemd: { units: { 'a.service': { enable: true } }, machineId: 'missing', gettys: false },
    })
    expect(entries['etc/systemd/system/multi-user.target.wants/a.service']).toBe('-> /usr/lib/systemd/system/a.service')
    expect(entries).not.toHaveProperty(['etc/machine-id'])
  })
})
