import { Readable } from 'node:stream'
import { extract } from 'tar-stream'
import { describe, expect, it } from 'vitest'
import { type ImageSpec, type SystemdStubs, writeImage } from '../../../src/index.ts'
import { createChrootStore } from '../../chroot-store.ts'
import { createNixosStore, PROGRAM } from '../../nixos-store.ts'
import { temporaryFolder } from '../../temporary.ts'
import type { Tree } from '../nix/nar-support.ts'

const UNIT = '[Service]\nExecStart=/bin/true\n\n[Install]\nWantedBy=multi-user.target\nAlias=hi.service\n'

/** A NixOS system whose configuration has units and a file of its own in /etc. */
function createManagedStore(init = '', units: Record<string, Tree> = {}) {
  const store = createChrootStore(temporaryFolder())
  const unitFiles = { 'sshd.service': { contents: UNIT.replace('hi', 'ssh') }, ...units }
  const systemUnits = store.add('units', { children: unitFiles })
  const etc = store.add(
    'etc',
    {
      children: {
        etc: {
          children: {
            'os-release': { contents: 'ID=nixos\n' },
            hostname: { contents: 'configured\n' },
            'tmpfiles.d': { symlink: systemUnits },
            systemd: { children: { system: { symlink: systemUnits } } },
          },
        },
      },
    },
    [systemUnits],
  )
  const shell = store.add('shell', PROGRAM)
  const children: Record<string, Tree> = {
    init: { contents: `#!${shell}\n${init}`, executable: true },
    etc: { symlink: `${etc}/etc` },
    system: { contents: 'x86_64-linux' },
  }
  const toplevel = store.add('nixos-system-managed', { children }, [etc, shell])
  return { ...store, toplevel }
}

/** The entries of an image outside of the store: contents of files, targets of symlinks, `''` for directories. */
async function entriesOf(spec: ImageSpec): Promise<{ entries: Record<string, string>; warnings: readonly string[] }> {
  const entries: Record<string, string> = {}
  const chunks: Uint8Array[] = []
  const write = async (bytes: Uint8Array) => void chunks.push(new Uint8Array(bytes))
  const { warnings } = await writeImage({ ...spec, format: 'tar' }, write, { workers: 1 })
  const reader = extract()
  Readable.from(chunks).pipe(reader)
  for await (const entry of reader) {
    const { name, type, linkname } = entry.header
    let contents = ''
    for await (const chunk of entry) contents += Buffer.from(chunk as Uint8Array).toString()
    if (!name.startsWith('nix/store')) entries[name] = type === 'symlink' ? `-> ${linkname}` : contents
  }
  return { entries, warnings }
}

describe('systemd stubs', () => {
  const build = (store: ReturnType<typeof createManagedStore>, systemd: SystemdStubs) =>
    entriesOf({ toplevel: store.toplevel, source: store.source, systemd })

  it('by default are a first boot and logins', async () => {
    const { entries, warnings } = await build(createManagedStore(), {})
    expect(entries['etc/machine-id']).toBe('uninitialized\n')
    const getty = entries['etc/systemd/system.attached/container-getty@.service']
    expect(getty).toContain(
      'ExecStart=-/run/current-system/sw/bin/agetty --login-program /run/current-system/sw/bin/login ',
    )
    expect(Object.keys(entries)).toContain('etc/systemd/system.attached/console-getty.service')
    expect(warnings).toEqual([])
  })

  it('mask what would ask questions at the first boot, unless it is spoken of', async () => {
    const store = createManagedStore('', { 'systemd-firstboot.service': { contents: UNIT } })
    const path = 'etc/systemd/system.control/systemd-firstboot.service'
    expect((await build(store, {})).entries[path]).toBe('-> /dev/null')
    const { entries } = await build(store, { units: { 'systemd-firstboot.service': { enable: false } } })
    expect(entries).not.toHaveProperty([path])
  })

  it('leave the logins alone that the system has', async () => {
    const own = { 'console-getty.service': { contents: '' }, 'container-getty@.service': { contents: '' } }
    const { entries } = await build(createManagedStore('', own), {})
    expect(Object.keys(entries).filter(name => name.includes('getty'))).toEqual([])
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
    const units = { 'hello.service': { contents: UNIT, enable: true } }
    const attached = await build(createManagedStore(), { units })
    expect(attached.entries).toMatchObject({
      'etc/systemd/system.attached/hello.service': UNIT,
      'etc/systemd/system.attached/hi.service': '-> /etc/systemd/system.attached/hello.service',
      'etc/systemd/system.attached/multi-user.target.wants/hello.service':
        '-> /etc/systemd/system.attached/hello.service',
    })
    const init = 'export SYSTEMD_UNIT_PATH=/etc/systemd-mutable/system:\n'
    const mutable = await build(createManagedStore(init), { units })
    expect(mutable.entries).toHaveProperty(['etc/systemd-mutable/system/hello.service'], UNIT)
    for (const { entries } of [attached, mutable]) {
      expect(Object.keys(entries).filter(name => name.startsWith('etc/systemd/system/'))).toEqual([])
    }
  })

  it('enable units that the system has', async () => {
    const { entries } = await build(createManagedStore(), { units: { 'sshd.service': { enable: true } } })
    expect(entries).toMatchObject({
      'etc/systemd/system.attached/ssh.service': '-> /etc/systemd/system/sshd.service',
      'etc/systemd/system.attached/multi-user.target.wants/sshd.service': '-> /etc/systemd/system/sshd.service',
    })
  })

  it('count more than units of the system, where they have its names or mask them', async () => {
    const units = {
      'sshd.service': { contents: UNIT },
      'motd.timer': { mask: true },
      'console-getty.service': { mask: true },
    }
    const store = createManagedStore('', { 'motd.timer': { contents: UNIT } })
    const { entries, warnings } = await build(store, { units })
    expect(entries).toMatchObject({
      'etc/systemd/system.control/sshd.service': UNIT,
      'etc/systemd/system.control/motd.timer': '-> /dev/null',
      'etc/systemd/system.control/console-getty.service': '-> /dev/null',
    })
    expect(warnings).toEqual([expect.stringContaining('console-getty.service (the systemd stubs): is masked, but')])
    const mutable = await build(createManagedStore('/etc/systemd-mutable/system'), { units })
    expect(mutable.entries['etc/systemd-mutable/system/sshd.service']).toBe(UNIT)
  })

  it('refuse to enable a unit that nobody has', async () => {
    const built = build(createManagedStore(), { units: { 'none.service': { enable: true } } })
    await expect(built).rejects.toMatchObject({
      code: 'UNIT_INVALID',
      message: expect.stringContaining('none.service'),
    })
  })

  it('warn of what the system puts there itself, and of what is in its way', async () => {
    const { warnings } = await build(createManagedStore(), { hostname: 'mine', tmpfiles: { 'a.conf': '' } })
    expect(warnings).toEqual([
      expect.stringContaining('/etc/hostname (the systemd stubs): the NixOS system has its own'),
      expect.stringContaining('/etc/tmpfiles.d (the systemd stubs): the NixOS system makes this a symlink'),
    ])
  })

  it('lie in /etc/systemd/system where no NixOS manages it', async () => {
    const { toplevel, source } = createNixosStore(temporaryFolder())
    const units = { 'hello.service': { contents: UNIT, enable: true, dropIns: { 'a.conf': '[Service]\n' } } }
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
