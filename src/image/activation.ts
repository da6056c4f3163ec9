/**
 * What a NixOS system does to /etc at each boot: each file and symlink in `etc` of its toplevel becomes a symlink in /etc
 * (setup-etc.pl). What an image has there under the same name is gone after that; and where it has a directory in place
 * of a symlink, the symlink cannot be made.
 */
import { textOfByteString } from '../bytes/index.ts'
import type { StorePath } from '../nix/index.ts'
import { type Closure, whereLeads } from '../store/index.ts'
import type { TreeEntry } from '../tree/index.ts'

/** Warnings about entries in /etc that will not last, or are in the way. */
export async function activationWarnings(
  closure: Closure,
  toplevel: StorePath,
  entries: readonly TreeEntry[],
): Promise<string[]> {
  const etc = await whereLeads(closure, `${toplevel.path}/etc`)
  if (!etc) return []
  const warnings: string[] = []
  const inTheWay = new Set<string>()
  for (const entry of entries) {
    const names = entry.path.split('/')
    if (names[0] !== 'etc' || names.length === 1) continue
    for (let depth = 2; depth <= names.length; depth++) {
      const below = names.slice(1, depth).join('/')
      const found = await whereLeads(closure, textOfByteString(`${etc.path}/${below}`))
      if (!found) break
      // A directory of its own, and not one that a symlink leads to, is shared by both.
      if (found.node.type === 'directory' && found.path === `${etc.path}/${below}`) continue
      const place = `/etc/${textOfByteString(below)}`
      if (depth === names.length && entry.type !== 'directory') {
        warnings.push(
          `${place} (${entry.origin}): the NixOS system has its own and puts that there at each boot; set it in its configuration`,
        )
      } else if (!inTheWay.has(place)) {
        inTheWay.add(place)
        warnings.push(
          `${place} (${entry.origin}): the NixOS system makes this a symlink, and cannot where there is a directory; ` +
            'what it has there would be missing',
        )
      }
      break
    }
  }
  return warnings
}
