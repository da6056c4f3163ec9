import { type ByteString, byteString } from '../bytes/index.ts'
import { SYSTEM_PROFILE } from '../check/index.ts'
import type { StorePath } from '../nix/index.ts'
import type { Closure, Outside, StoreNode } from '../store/index.ts'
import type { UnitSite } from '../systemd/index.ts'
import { createTree, type TreeEntry } from '../tree/index.ts'
import { isProgram, textAt } from './closure-files.ts'
import { nixosUnitSite } from './nixos-unit-site.ts'

/** By this name a unit is that of the system to which was switched last. */
const PROFILE = `/${SYSTEM_PROFILE}`
const PROFILE_BINS = ['bin', 'sbin', 'usr/bin', 'usr/sbin'].map(folder => `${PROFILE}/sw/${folder}`)
const UNIT_FOLDERS = ['/usr/lib', '/lib', `${PROFILE}/sw/usr/lib`, `${PROFILE}/sw/lib`].map(
  folder => `${folder}/systemd/system`,
)

/** The site for units in the image of a toplevel, or of none. */
export async function unitSiteOf(
  closure: Closure,
  toplevel: StorePath | undefined,
  entries: readonly TreeEntry[],
): Promise<UnitSite> {
  const outside = outsideOf(entries)
  return (toplevel && (await nixosUnitSite(closure, toplevel, outside))) ?? plainUnitSite(closure, outside)
}

function plainUnitSite(closure: Closure, outside: Outside): UnitSite {
  const hasProgram = (path: string) => isProgram(closure, path, outside)
  const find = async (folders: readonly string[], name: string) => {
    for (const folder of folders) if (await hasProgram(`${folder}/${name}`)) return `${folder}/${name}`
    return undefined
  }
  return {
    isNixos: false,
    unitFolder: '/etc/systemd/system',
    overridingFolder: '/etc/systemd/system',
    hasProgram,
    // What the entries do not show may be put there at boot.
    findPrograms: async () => ({
      agetty: (await find(['/sbin', '/usr/sbin', '/usr/bin', ...PROFILE_BINS], 'agetty')) ?? '/sbin/agetty',
      login: (await find(['/bin', '/usr/bin', ...PROFILE_BINS], 'login')) ?? '/bin/login',
    }),
    endsFirstBoot: async () => true,
    async findUnit(file) {
      for (const folder of UNIT_FOLDERS) {
        const text = await textAt(closure, `${folder}/${file}`, outside)
        if (text !== undefined) return { text, path: `${folder}/${file}`, dropIns: [] }
      }
      return undefined
    },
  }
}

/** The entries of an image that are no store path, as nodes, and what a unit is masked by. */
function outsideOf(entries: readonly TreeEntry[]): Outside {
  const nodes = new Map<ByteString, StoreNode>([
    [byteString`/dev`, { type: 'directory' }],
    [byteString`/dev/null`, { type: 'file', executable: false, head: () => NOTHING, read: () => NOTHING }],
  ])
  for (const entry of createTree(entries)) nodes.set(byteString`/${entry.path}`, nodeOf(entry))
  return path => nodes.get(path)
}

const NOTHING = new Uint8Array(0)

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
