/**
 * Changes that a NixOS system makes in /etc at each boot (nixpkgs `nixos/modules/system/etc/setup-etc.pl`). For each symlink in
 * `etc` of its toplevel it makes one in /etc, or a copy if a file NAME.mode lies beside it. It passes over all other
 * files there. What an image has under the same name is replaced; a folder is replaced only if it is empty, or holds
 * nothing but symlinks into /etc/static.
 */
import { type ByteString, byteString, decodeText, joinNames } from '../bytes/index.ts'
import type { StorePath } from '../nix/index.ts'
import { type Closure, lookupIn, whereLeads } from '../store/index.ts'
import type { ImageNode, TreeEntry } from '../tree/index.ts'
import type { Warning } from '../warning.ts'

/** Finds the node at `names` in the folder that the activation reads. */
type LookUp = (names: readonly ByteString[]) => Promise<ImageNode | undefined>

/** Warnings about entries in /etc that will not last, or are in the way. */
export async function activationWarnings(
  closure: Closure,
  toplevel: StorePath,
  entries: readonly TreeEntry[],
): Promise<Warning[]> {
  const lookUp = await etcOf(closure, toplevel)
  if (lookUp === undefined) return []
  const warnings: Warning[] = []
  const inTheWay = new Set<string>()
  for (const entry of entries) {
    const [top, ...names] = entry.path.split('/')
    if (top !== 'etc' || entry.type === 'directory' || isStatic(entry)) continue
    const depth = await depthOfOwn(names, lookUp)
    if (depth === undefined) continue
    const place = `/etc/${decodeText(joinNames(names.slice(0, depth)))}`
    if (depth === names.length) {
      const message = `${place} (${entry.origin}): the NixOS system replaces it at each boot; set it in its configuration`
      warnings.push({ code: 'ENTRY_REPLACED', path: place, message })
    } else if (!inTheWay.has(place)) {
      inTheWay.add(place)
      const message =
        `${place} (${entry.origin}): the NixOS system cannot put its own there, because the image has files in a folder of ` +
        'that name; leave them out, or set them in its configuration'
      warnings.push({ code: 'ENTRY_IN_THE_WAY', path: place, message })
    }
  }
  return warnings
}

/** How many of the names lead to something that the activation puts there; `undefined` if none do. */
async function depthOfOwn(names: readonly ByteString[], lookUp: LookUp): Promise<number | undefined> {
  for (let depth = 1; depth <= names.length; depth++) {
    const above = names.slice(0, depth - 1)
    const node = await lookUp([...above, names[depth - 1]])
    if (node?.type === 'directory') continue
    const isPut = node?.type === 'symlink' || (node && (await lookUp([...above, byteString`${names[depth - 1]}.mode`])))
    return isPut ? depth : undefined
  }
  return undefined
}

async function etcOf(closure: Closure, toplevel: StorePath): Promise<LookUp | undefined> {
  const lookup = lookupIn(closure)
  const etc = await whereLeads(lookup, `${toplevel.path}/etc`)
  return etc && (names => lookup(joinNames([etc.path, ...names])))
}

/** Whether an entry is what the activation would make itself. */
function isStatic(entry: TreeEntry): boolean {
  return entry.type === 'symlink' && entry.target.startsWith('/etc/static/')
}
