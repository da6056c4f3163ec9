import { resolvePath, someText, text } from '../arguments.ts'
import { type ImageEntry, treeEntriesOf } from '../plan/index.ts'
import { readFolder, UnreadableError } from './declared-files.ts'
import { SpecError } from './errors.ts'

/**
 * Everything in a folder, as the entries of an image below `target`, an absolute path such as `/etc/nixos`: what
 * `overlays` does in a declaration. Modes become 0644 or 0755, and 0755 for folders; owners are 0. `origin` says who asks
 * for them, for people to read. Throws `SpecError` FOLDER_UNREADABLE, `ImageError` ENTRY_INVALID.
 */
export async function readOverlay(folder: string | URL, target: string, origin = `${folder}`): Promise<ImageEntry[]> {
  const from = resolvePath(folder, 'folder')
  someText(target, 'target')
  text(origin, 'origin')
  try {
    const entries = (await readFolder(from, target.replace(/\/+$/, '') || '/')).map(entry => ({
      ...entry,
      origin,
    }))
    treeEntriesOf({ entries })
    return entries
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error
    throw new SpecError('FOLDER_UNREADABLE', [{ path: [], message: error.message }], { cause: error })
  }
}
