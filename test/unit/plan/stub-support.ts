import { Readable } from 'node:stream'
import { extract } from 'tar-stream'
import { build, type ImageSpec, type SystemdStubs } from '../../../src/index.ts'
import { createChrootStore } from '../../chroot-store.ts'
import { PROGRAM } from '../../nixos-store.ts'
import { temporaryFolder } from '../../temporary.ts'
import type { Tree } from '../nix/nar-support.ts'

export const UNIT = '[Service]\nExecStart=/bin/true\n\n[Install]\nWantedBy=multi-user.target\nAlias=hi.service\n'

/** What a NixOS system of the tests has besides what all have. */
export interface System {
  /** Its unit files by name; `null` for one that is masked. */
  units?: Record<string, string | null>
  /** Text of its /etc/systemd/system.conf. */
  systemConf?: string
  /** Whether it has the programs of a login. Default true. */
  hasLogin?: boolean
}

/** A unit that ends first boots. */
export const COMMIT = { 'systemd-machine-id-commit.service': '[Service]\n' }

/** A NixOS system whose configuration has units and a file of its own in /etc. */
export function createManagedStore({ units = COMMIT, systemConf = '', hasLogin = true }: System = {}) {
  const store = createChrootStore(temporaryFolder())
  const unitFiles = Object.entries({ 'sshd.service': UNIT.replace('hi', 'ssh'), ...units }).map(
    ([name, text]): [string, Tree] => [name, text === null ? { symlink: '/dev/null' } : { contents: text }],
  )
  const systemUnits = store.add('system-units', { children: treeOf(unitFiles) })
  const leaves = store.add('leaves', { children: { hostname: { contents: 'x\n' }, conf: { contents: systemConf } } })
  const systemd = { system: { symlink: systemUnits }, 'system.conf': { symlink: `${leaves}/conf` } }
  const children: Record<string, Tree> = {
    'os-release': { contents: 'ID=nixos\n' },
    hostname: { symlink: `${leaves}/hostname` },
    sudoers: { contents: 'root\n' },
    'sudoers.mode': { contents: '0440\n' },
    'tmpfiles.d': { symlink: systemUnits },
    systemd: { children: systemd },
  }
  const etc = store.add('etc', { children: { etc: { children } } }, [systemUnits, leaves])
  const shell = store.add('shell', PROGRAM)
  const programs: Record<string, Tree> = hasLogin ? { agetty: PROGRAM, login: PROGRAM } : {}
  const path = store.add('system-path', { children: { bin: { children: programs } } })
  const toplevel = store.add(
    'nixos-system-managed',
    {
      children: {
        init: { contents: `#!${shell}\n`, executable: true },
        etc: { symlink: `${etc}/etc` },
        sw: { symlink: path },
        system: { contents: 'x86_64-linux' },
      },
    },
    [etc, shell, path],
  )
  return { ...store, toplevel }
}

/** A folder's children in files, with one below another where its name has a slash. */
function treeOf(files: readonly [string, Tree][]): Record<string, Tree> {
  const tree: Record<string, Tree & { children?: Record<string, Tree> }> = {}
  for (const [path, node] of files) {
    const [folder = '', name] = path.split('/')
    if (name === undefined) tree[path] = node
    else tree[folder] = { children: { ...tree[folder]?.children, [name]: node } }
  }
  return tree
}

/** The entries of an image outside of the store: contents of files, targets of symlinks, `''` for directories. */
export async function entriesOf(
  spec: ImageSpec,
): Promise<{ entries: Record<string, string>; warnings: readonly string[] }> {
  const entries: Record<string, string> = {}
  const chunks: Uint8Array[] = []
  const write = async (bytes: Uint8Array) => void chunks.push(new Uint8Array(bytes))
  const { warnings } = await build({ ...spec, format: 'tar' }, { workers: 1 }).writeTo(write)
  const reader = extract()
  Readable.from(chunks).pipe(reader)
  for await (const entry of reader) {
    const { name, type, linkname } = entry.header
    let contents = ''
    for await (const chunk of entry) contents += Buffer.from(chunk as Uint8Array).toString()
    if (!name.startsWith('nix/store')) entries[name] = type === 'symlink' ? `-> ${linkname}` : contents
  }
  return { entries, warnings: warnings.map(({ message }) => message) }
}

/** The same of an image of a system, with stubs. */
export const buildWith = (store: ReturnType<typeof createManagedStore>, systemd: SystemdStubs) =>
  entriesOf({ toplevel: store.toplevel, source: store.source, systemd })
