/** The overlays of a declaration: what lies in their folders, and the folders in the image that they are copied to. */
import type { ImageEntry } from '../plan/index.ts'
import type { Context } from './context.ts'
import type { Declaration } from './declaration.ts'
import { readFolder } from './declared-files.ts'
import { ownerOf } from './owner.ts'

/** An entry, and where it is declared. */
export interface DeclaredEntry {
  readonly entry: ImageEntry
  readonly at: readonly PropertyKey[]
}

/** The entries that overlays ask for. */
export async function overlayEntries(
  { overlays = {}, directories = {} }: Declaration,
  context: Context,
): Promise<DeclaredEntry[]> {
  const contents: DeclaredEntry[] = []
  const targets: DeclaredEntry[] = []
  for (const [key, given] of Object.entries(overlays)) {
    const target = withoutSlash(key)
    for (const [i, { folder, owner }] of [given].flat().entries()) {
      const at = Array.isArray(given) ? ['overlays', key, i] : ['overlays', key]
      const rest = { ...ownerOf(owner), origin: context.originOf(at) }
      const found = await context.attempt([...at, 'folder'], async () =>
        readFolder(await context.resolve(folder), target),
      )
      for (const entry of found ?? []) contents.push({ entry: { ...entry, ...rest }, at })
      const isNeeded = owner !== undefined || found?.length === 0
      if (isNeeded && target !== '/') targets.push({ entry: { type: 'directory', path: target, ...rest }, at })
    }
  }
  return withTargets(contents, targets, new Set(Object.keys(directories).map(withoutSlash)))
}

/**
 * Adds the folders that overlays are copied to. None of them may conflict with another declaration of the same folder:
 * `declared` ones stay as they are declared, and an owner counts more than what lies in the folder of another overlay.
 */
function withTargets(
  contents: readonly DeclaredEntry[],
  targets: readonly DeclaredEntry[],
  declared: ReadonlySet<string>,
): DeclaredEntry[] {
  const chosen = new Map<string, DeclaredEntry>()
  for (const target of targets) {
    const { path } = target.entry
    const other = chosen.get(path)
    if (!declared.has(path) && (!other || (!hasOwner(other) && hasOwner(target)))) chosen.set(path, target)
  }
  const isReplaced = ({ entry }: DeclaredEntry) => {
    const target = chosen.get(entry.path)
    return entry.type === 'directory' && target !== undefined && hasOwner(target)
  }
  const kept = contents.filter(one => !isReplaced(one))
  const present = new Set(kept.filter(({ entry }) => entry.type === 'directory').map(({ entry }) => entry.path))
  return [...kept, ...[...chosen.values()].filter(({ entry }) => !present.has(entry.path))]
}

function hasOwner({ entry }: DeclaredEntry): boolean {
  return entry.uid !== undefined
}

/** A path of a directory, without a slash at its end. */
export function withoutSlash(path: string): string {
  return path.replace(/\/+$/, '') || '/'
}
