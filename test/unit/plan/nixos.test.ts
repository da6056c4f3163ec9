import { Readable } from 'node:stream'
import { extract } from 'tar-stream'
import { describe, expect, it } from 'vitest'
import { build, type ImageSpec, type NspawnSettings } from '../../../src/index.ts'
import { createChrootStore } from '../../chroot-store.ts'
import { PROGRAM } from '../../nixos-store.ts'
import { temporaryFolder } from '../../temporary.ts'
import type { Tree } from '../nix/nar-support.ts'

const NOTHING: Tree = { contents: '' }

/** A script of a toplevel. */
const script = (lines = ''): Tree => ({ contents: `#! /nix/store/shell/bin/sh\n${lines}`, executable: true })

/** A toplevel of NixOS with `files` besides what all have, as a spec. */
function createSystem(files: Record<string, Tree>, etcFiles: Record<string, Tree> = {}): ImageSpec {
  const store = createChrootStore(temporaryFolder())
  const shell = store.add('shell', { children: { bin: { children: { sh: PROGRAM } } } })
  const leaves = Object.entries(etcFiles).map(([name, node]): [string, string] => [name, store.add(name, node)])
  const links = Object.fromEntries(leaves.map(([name, path]) => [name, { symlink: path }]))
  const { 'nix.conf': nixConf, '00-nixos.preset': preset } = links
  const children: Record<string, Tree> = {
    'os-release': { contents: 'ID=nixos\n' },
    ...(nixConf && { nix: { children: { 'nix.conf': nixConf } } }),
    ...(preset && { systemd: { children: { 'system-preset': { children: { '00-nixos.preset': preset } } } } }),
  }
  const etc = store.add(
    'etc',
    { children: { etc: { children } } },
    leaves.map(([, path]) => path),
  )
  const own: Record<string, Tree> = { 'nixos-version': { contents: '25.11.1' }, system: { contents: 'x86_64-linux' } }
  const named = Object.entries({ ...own, ...files }).map(([name, node]): [string, Tree] => [
    name,
    withShell(node, shell),
  ])
  const toplevel = store.add(
    'nixos-system-test-25.11',
    { children: { ...Object.fromEntries(named), etc: { symlink: `${etc}/etc` } } },
    [etc, shell],
  )
  return { toplevel, source: store.source }
}

function withShell(node: Tree, shell: string): Tree {
  return 'contents' in node ? { ...node, contents: `${node.contents}`.replace('/nix/store/shell', shell) } : node
}

/** Where `sbin/init` of an image leads, and its warnings. */
async function buildHere(spec: ImageSpec): Promise<{ init: string; warnings: readonly string[] }> {
  const chunks: Uint8Array[] = []
  const write = async (bytes: Uint8Array) => void chunks.push(bytes.slice())
  const { warnings } = await build({ ...spec, format: 'tar' }, { workers: 1 }).writeTo(write)
  const reader = extract()
  Readable.from(chunks).pipe(reader)
  let init = ''
  for await (const entry of reader) {
    if (entry.header.name === 'sbin/init') init = entry.header.linkname ?? ''
    entry.resume()
  }
  return {
    init,
    warnings: warnings.map(({ message }) => message).filter(message => !message.includes('nix-path-registration')),
  }
}

const STAGE2 = script('$systemConfig/activate\n')
const PROFILE = '/nix/var/nix/profiles/system'

describe('sbin/init', () => {
  it.each<[string, Record<string, Tree>, string]>([
    ['the script init', { init: STAGE2, activate: script() }, 'init'],
    ['prepare-root, if there is one', { init: PROGRAM, 'prepare-root': STAGE2, activate: script() }, 'prepare-root'],
    ['init, if prepare-root is no script', { init: STAGE2, 'prepare-root': NOTHING, activate: script() }, 'init'],
  ])('leads through the profile to %s', async (_, files, name) => {
    expect((await buildHere(createSystem(files))).init).toBe(`${PROFILE}/${name}`)
  })

  it.each<[string, Record<string, Tree>, string, string]>([
    ['nixos-init', { init: PROGRAM, 'boot.json': NOTHING }, 'TOPLEVEL_INVALID', 'system.nixos-init.enable'],
    ['a system that cannot be activated', { init: STAGE2 }, 'UNFIT', 'system.activatable'],
    ['no init', { activate: script() }, 'TOPLEVEL_INVALID', 'no init'],
    [
      'an overlay on /etc',
      { init: STAGE2, activate: script(), 'etc-metadata-image': NOTHING },
      'UNFIT',
      'system.etc.overlay.enable = false',
    ],
    [
      'an overlay that the activation mounts',
      { init: STAGE2, activate: script('mount --type erofs -o ro x y\n') },
      'UNFIT',
      'system.etc.overlay.enable = false',
    ],
  ])('is refused to %s', async (_, files, code, advice) => {
    await expect(buildHere(createSystem(files))).rejects.toMatchObject({
      code,
      message: expect.stringContaining(advice),
    })
  })
})

describe('a warning says which option mends', () => {
  const MOUNTS = 'specialMount "proc" "/proc" "x" "proc"\nspecialMount "devtmpfs" "/dev" "x" "devtmpfs"\n'

  it.each<[string, Record<string, Tree>, Record<string, Tree>, string]>([
    ['nothing', { init: STAGE2, activate: script() }, {}, ''],
    [
      'the system of a host',
      { init: PROGRAM, 'prepare-root': STAGE2, activate: script(), kernel: NOTHING, initrd: NOTHING },
      {},
      'boot.isNspawnContainer = true',
    ],
    [
      'the system of a host without a kernel',
      { init: PROGRAM, 'prepare-root': STAGE2, activate: script(), 'boot.json': NOTHING },
      {},
      'boot.isNspawnContainer = true',
    ],
    [
      'nothing of a program for erofs',
      { init: STAGE2, activate: script('/nix/store/x-erofs-utils/bin/mkfs.erofs a b\n') },
      {},
      '',
    ],
    [
      'a container with systemd in its initrd',
      { init: PROGRAM, 'prepare-root': STAGE2, activate: script() },
      {},
      'boot.initrd.systemd.enable = false',
    ],
    [
      'the resolver of the host',
      { init: script('if [ -n "1" ] && [ -e /etc/resolv.conf ]; then :; fi\n') },
      {},
      'networking.useHostResolvConf = false',
    ],
    ['no resolver of the host', { init: script('if [ -n "" ] && [ -e /etc/resolv.conf ]; then :; fi\n') }, {}, ''],
    [
      'a sandbox',
      { init: STAGE2, activate: script() },
      { 'nix.conf': { contents: 'sandbox = true\nsandbox-fallback = false\n' } },
      'nix.settings.sandbox = false',
    ],
    [
      'a sandbox that need not be',
      { init: STAGE2, activate: script() },
      { 'nix.conf': { contents: 'sandbox = true\nsandbox-fallback = true\n' } },
      '',
    ],
  ])('%s', async (_, files, etc, option) => {
    const { warnings } = await buildHere(createSystem(files, etc))
    expect(warnings).toEqual(option === '' ? [] : [expect.stringContaining(option)])
  })

  // Which of them give the machine the network of the host, was measured with systemd-nspawn.
  it.each<[NspawnSettings['Network'], string]>([
    [{ Private: false }, ''],
    [{ VirtualEthernet: false }, ''],
    [{ VirtualEthernet: false, VirtualEthernetExtra: 'a:b' }, 'networking.useHostResolvConf = false'],
    [{ VirtualEthernet: false, Private: true }, 'networking.useHostResolvConf = false'],
    [{ Bridge: 'br0' }, 'networking.useHostResolvConf = false'],
  ])('the resolver of the host with %j', async (Network, option) => {
    const init = script('if [ -n "1" ] && [ -e /etc/resolv.conf ]; then :; fi\n')
    const { warnings } = await buildHere({ ...createSystem({ init }), nspawn: { Network } })
    const others = warnings.filter(message => !message.includes('passes over'))
    expect(others).toEqual(option === '' ? [] : [expect.stringContaining(option)])
  })

  it.each<[NspawnSettings['Files'], number]>([
    [{ Volatile: true }, 1],
    [{ Volatile: true, BindReadOnly: ['/srv', '/nix'] }, 0],
    [{ Volatile: true, Bind: '/srv/phoenix/nixer:/data' }, 1],
    [{ Volatile: true, Overlay: '/nix:/srv/x:/nix' }, 0],
    [{ Volatile: 'overlay' }, 0],
  ])('settings with %j', async (Files, count) => {
    const { warnings } = await buildHere({ ...createSystem({ init: STAGE2, activate: script() }), nspawn: { Files } })
    expect(warnings.filter(message => /only \/usr of the image.*give overlay/.test(message))).toHaveLength(count)
  })

  it.each([
    ['25.11.1', 'boot.isNspawnContainer = true'],
    ['24.11.1', ''],
  ])('mounts of an activation in %s', async (version, option) => {
    const spec = createSystem({ init: STAGE2 })
    const store = createChrootStore(temporaryFolder())
    const mounts = store.add('mounts.sh', { contents: MOUNTS })
    const shell = store.add('shell', { children: { bin: { children: { sh: PROGRAM } } } })
    const toplevel = store.add(
      'nixos-system-test',
      {
        children: {
          init: withShell(STAGE2, shell),
          activate: withShell(script(`  source ${mounts}\n`), shell),
          etc: { children: { 'os-release': { contents: 'ID=nixos\n' } } },
          'nixos-version': { contents: version },
        },
      },
      [mounts, shell],
    )
    const { warnings } = await buildHere({ ...spec, toplevel, source: store.source })
    expect(warnings).toEqual(option === '' ? [] : [expect.stringContaining(option)])
  })

  it('presets that NixOS has one before', async () => {
    const spec = createSystem({ init: STAGE2, activate: script() }, { '00-nixos.preset': { contents: 'ignore *\n' } })
    const presets = { '50-mine.preset': 'enable a\n', '00-first.preset': 'enable b\n' }
    const { warnings } = await buildHere({ ...spec, systemd: { presets, gettys: false } })
    expect(warnings).toEqual([expect.stringMatching(/50-mine\.preset .*name it 0-50-mine\.preset$/)])
  })
})

describe('the registration', () => {
  const LOAD = { contents: 'nix-store --load-db < /nix-path-registration\n' }

  async function warningsWith(
    add: (store: ReturnType<typeof createChrootStore>) => string[],
    { activate = '', hasNix = true }: { activate?: string; hasNix?: boolean } = {},
  ) {
    const store = createChrootStore(temporaryFolder())
    const references = add(store)
    const shell = store.add('shell', { children: { bin: { children: { sh: PROGRAM } } } })
    const toplevel = store.add(
      'nixos-system-test',
      {
        children: {
          init: withShell(STAGE2, shell),
          activate: withShell(script(activate), shell),
          etc: { children: { 'os-release': { contents: 'ID=nixos\n' } } },
          ...(hasNix && { sw: { children: { bin: { children: { 'nix-store': PROGRAM } } } } }),
        },
      },
      [...references, shell],
    )
    const write = async () => {}
    const spec = { toplevel, source: store.source, format: 'tar' } as const
    const { warnings } = await build(spec, { workers: 1 }).writeTo(write)
    return warnings.map(({ message }) => message)
  }

  it.each<[string, string, Tree]>([
    ['the commands of stage 2', 'local-cmds', LOAD],
    ['a unit', 'unit-load.service', { children: { 'load.service': LOAD } }],
    ['the script of a unit', 'unit-script-load-start', { children: { bin: { children: { 'load-start': LOAD } } } }],
  ])('may be loaded by %s', async (_, name, tree) => {
    expect(await warningsWith(store => [store.add(name, tree)])).toEqual([])
  })

  it('may be loaded by the activation', async () => {
    expect(await warningsWith(() => [], { activate: LOAD.contents })).toEqual([])
  })

  it('may be loaded by a script of any name', async () => {
    const unit = (program: string) => ({ contents: `[Service]\nExecStart=${program}\n` })
    const add = (store: ReturnType<typeof createChrootStore>) => {
      const script = store.add('load-it', { ...LOAD, executable: true })
      return [script, store.add('unit-load.service', { children: { 'load.service': unit(script) } })]
    }
    expect(await warningsWith(add)).toEqual([])
  })

  it('may be loaded by an activation that is too long to be known', async () => {
    expect(await warningsWith(() => [], { activate: '# long\n'.repeat(10_000) })).toEqual([])
  })

  it('is of no use where there is no Nix', async () => {
    expect(await warningsWith(() => [], { hasNix: false })).toEqual([])
  })

  it('is missed by Nix if nothing loads it', async () => {
    expect(await warningsWith(store => [store.add('readme', LOAD)])).toEqual([
      expect.stringContaining('nix-store --load-db'),
    ])
  })
})
