/**
 * Where units of an image go. On NixOS the activation makes `/etc/systemd/system` a symlink at each boot, and fails to where
 * there is a directory. Units that are not of its configuration have two places: `/etc/systemd-mutable/system`, if the
 * system was built to look there (`boot.extraSystemdUnitPaths`, which its `init` hands to systemd), and
 * `/etc/systemd/system.attached`, where every systemd looks and NixOS puts nothing. The first counts more than the units of
 * the system, the second less: what is to count more is in `/etc/systemd/system.control` then (`systemd-analyze unit-paths`).
 */
import type { ByteString } from '../bytes/index.ts'
import type { StorePath } from '../nix/index.ts'
import { type Closure, type Outside, type StoreNode, whereLeads } from '../store/index.ts'
import type { UnitSite } from '../systemd/index.ts'
import { createTree, type TreeEntry } from '../tree/index.ts'

const MUTABLE_UNITS = '/etc/systemd-mutable/system'

/** By this name a unit is that of the system to which was switched last. */
const PROFILE = '/nix/var/nix/profiles/system'
const PROFILE_BINS = ['bin', 'sbin', 'usr/bin', 'usr/sbin'].map(folder => `${PROFILE}/sw/${folder}`)

/** The site for units in the image of a toplevel, or of none. */
export async function unitSiteOf(
  closure: Closure,
  toplevel: StorePath | undefined,
  entries: readonly TreeEntry[],
): Promise<UnitSite> {
  const outside = outsideOf(entries)
  const find = async (path: string) => {
    const node = (await whereLeads(closure, path, outside))?.node
    return node?.type === 'file' ? node : undefined
  }
  const findText = async (path: string) => {
    const file = await find(path)
    return file && new TextDecoder().decode(file.read())
  }
  const ownUnits = toplevel && `${toplevel.path}/etc/systemd/system`
  if (ownUnits && (await whereLeads(closure, ownUnits))) {
    const isMutable = (await findText(`${toplevel.path}/init`))?.includes(MUTABLE_UNITS)
    return {
      unitFolder: isMutable ? MUTABLE_UNITS : '/etc/systemd/system.attached',
      overridingFolder: isMutable ? MUTABLE_UNITS : '/etc/systemd/system.control',
      programs: async () => ({
        agetty: '/run/current-system/sw/bin/agetty',
        login: '/run/current-system/sw/bin/login',
      }),
      async findUnit(file) {
        const text = await findText(`${ownUnits}/${file}`)
        // Where the activation makes it be found, now and after the next switch.
        return text === undefined ? undefined : { text, path: `/etc/systemd/system/${file}` }
      },
      // The system was built with its units.
      hasProgram: async () => true,
    }
  }
  return {
    unitFolder: '/etc/systemd/system',
    overridingFolder: '/etc/systemd/system',
    programs: async () => ({
      agetty: (await firstOf(['/sbin', '/usr/sbin', '/usr/bin', ...PROFILE_BINS], 'agetty', find)) ?? '/sbin/agetty',
      login: (await firstOf(['/bin', '/usr/bin', ...PROFILE_BINS], 'login', find)) ?? '/bin/login',
    }),
    hasProgram: async path => (await find(path)) !== undefined,
    async findUnit(file) {
      for (const folder of ['/usr/lib', '/lib', `${PROFILE}/sw/usr/lib`, `${PROFILE}/sw/lib`]) {
        const path = `${folder}/systemd/system/${file}`
        const text = await findText(path)
        if (text !== undefined) return { text, path }
      }
      return undefined
    },
  }
}

/** The first of these folders that has a program in the image, with its name; `undefined` if none has. */
async function firstOf(folders: readonly string[], name: string, find: (path: string) => Promise<unknown>) {
  for (const folder of folders) if ((await find(`${folder}/${name}`)) !== undefined) return `${folder}/${name}`
  return undefined
}

/** The entries of an image that are no store path, as nodes. */
function outsideOf(entries: readonly TreeEntry[]): Outside {
  const nodes = new Map<ByteString, StoreNode>()
  for (const entry of createTree(entries)) nodes.set(`/${entry.path}`, nodeOf(entry))
  return path => nodes.get(path)
}

function nodeOf(entry: TreeEntry): StoreNode {
  switch (entry.type) {
    case 'directory':
      return { type: 'directory' }
    case 'symlink':
      return { type: 'symlink', target: entry.target }
    case 'file':
      return {
        type: 'file',
        executable: (entry.mode & 0o111) !== 0,
        head: size => entry.contents.subarray(0, size),
        read: () => entry.contents,
      }
  }
}
