import { type ByteString, byteString } from '../bytes/index.ts'
import { SYSTEM_PROFILE } from '../check/index.ts'
import type { StorePath } from '../nix/index.ts'
import { type Closure, lookupIn } from '../store/index.ts'
import type { UnitSite } from '../systemd/index.ts'
import { createTree, type ImageNode, type Lookup, type TreeEntry } from '../tree/index.ts'
import { findIn, isProgram } from './closure-files.ts'
import { ATTACHED, CONTROL, nixosUnitSite } from './nixos-unit-site.ts'

/** By this name a unit is that of the system to which was switched last. */
const PROFILE = `/${SYSTEM_PROFILE}`
const PROFILE_BINS = ['bin', 'sbin', 'usr/bin', 'usr/sbin'].map(folder => `${PROFILE}/sw/${folder}`)
/** Folders of an administrator's units, which override all others, in the order of systemd's search path. */
const OWN_FOLDERS = [CONTROL, '/etc/systemd/system', ATTACHED]
const UNIT_FOLDERS = ['/usr/local/lib', '/usr/lib', '/lib', `${PROFILE}/sw/usr/lib`, `${PROFILE}/sw/lib`].map(
  folder => `${folder}/systemd/system`,
)

/** The site for units in the image of a toplevel, or of none. */
export async function unitSiteOf(
  closure: Closure,
  toplevel: StorePath | undefined,
  entries: readonly TreeEntry[],
): Promise<UnitSite> {
  const lookup = lookupIn(closure, outsideOf(entries))
  return (toplevel && (await nixosUnitSite(closure, toplevel, lookup))) ?? plainUnitSite(lookup)
}

function plainUnitSite(lookup: Lookup): UnitSite {
  const hasProgram = (path: string) => isProgram(lookup, path)
  const find = async (folders: readonly string[], name: string) => {
    for (const folder of folders) if (await hasProgram(`${folder}/${name}`)) return `${folder}/${name}`
    return undefined
  }
  return {
    isNixos: false,
    unitFolder: '/etc/systemd/system',
    overridingFolder: '/etc/systemd/system',
    hasProgram,
    // Paths that are in no entry may be made at boot.
    findPrograms: async () => ({
      agetty: (await find(['/sbin', '/usr/sbin', '/usr/bin', ...PROFILE_BINS], 'agetty')) ?? '/sbin/agetty',
      login: (await find(['/bin', '/usr/bin', ...PROFILE_BINS], 'login')) ?? '/bin/login',
    }),
    endsFirstBoot: async () => true,
    isLost: async () => false,
    async findUnit(file) {
      const own = await findIn(OWN_FOLDERS, file, lookup)
      if (own) return { ...own, dropIns: [], isOwn: true }
      const found = await findIn(UNIT_FOLDERS, file, lookup)
      return found && { ...found, dropIns: [], isOwn: false }
    },
  }
}

/** The entries of an image, and what a unit is masked by. */
function outsideOf(entries: readonly TreeEntry[]): Lookup {
  const nodes = new Map<ByteString, ImageNode>([
    [byteString`dev`, { type: 'directory', mode: 0o755 }],
    [byteString`dev/null`, { type: 'file', mode: 0o666, contents: new Uint8Array(0) }],
    ...createTree(entries).map(entry => [entry.path, entry] as const),
  ])
  return async path => nodes.get(path)
}
