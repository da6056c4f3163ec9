import { resolvePath, someText, text } from '../arguments.ts'
import { type ImageEntry, treeEntriesOf } from '../plan/index.ts'
import { readFolder, UnreadableError } from './declared-files.ts'
import { SpecError } from './errors.ts'
import { withoutSlash } from './overlays.ts'

/**
 * Everything in a folder, as the entries of an image below `target`, an absolute path such as `/etc/nixos`: what
 * `overlays` does in a declaration without an owner. Of an empty folder, the one entry is `target` itself. Modes become 0644 or
 * 0755, and 0755 for folders; owners are 0. `origin` says who asks for them, for people to read. Throws `SpecError`
 * FOLDER_UNREADABLE, `ImageError` ENTRY_INVALID.
 */
export async function readOverlay(folder: string | URL, target: string, origin = `${folder}`): Promise<ImageEntry[]> {
  const from = resolvePath(folder, 'folder')
  someText(target, 'target')
  text(origin, 'origin')
  try {
    const path = withoutSlash(target)
    const found = await readFolder(from, path)
    const isEmpty = found.length === 0 && path !== '/'
    const entries = (isEmpty ? [{ type: 'directory' as const, path }] : found).map(entry => ({ ...entry, origin }))
    treeEntriesOf({ entries })
    return entries
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error
    throw new SpecError('FOLDER_UNREADABLE', [{ path: [], message: error.message }], { cause: error })
  }
}
