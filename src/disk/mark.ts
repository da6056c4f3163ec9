/**
 * Hidden folders in an output folder, for what is not finished:
 *
 *     .nspawn-rootfs-THREAD-RANDOM/    mode 0700; see `thread-name.ts` for THREAD
 *       .owner                         symlink to THREAD-RANDOM, made first
 *       .ended                         symlink, made when its thread leaves it to the next build
 *       .change.json, .previous-*      while names are changed; see `change.ts`
 *
 * The symlinks mark a folder as made here: where others can give some other folder of this user such a name, they still
 * cannot put links of this user into it. A symlink is there with its target or not at all, even after a power failure.
 */
import { readlink, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { isOwn, lookAt } from './ownership.ts'
import type { Pin } from './pin.ts'

/** How the names of scratch folders begin. */
export const PREFIX = '.nspawn-rootfs-'

/** The name of the mark. */
export const MARK = '.owner'
const ENDED = '.ended'

/** Marks a folder as the scratch folder `id`. */
export async function markFolder(folder: string, id: string): Promise<void> {
  await symlink(id, join(folder, MARK))
}

/** Marks a scratch folder as one that nobody works in, though its thread may be running. */
export async function markEnded(folder: string): Promise<void> {
  await symlink('.', join(folder, ENDED))
}

/** The mark of a folder: `undefined` if it is no scratch folder of this user. */
export async function readMark(pin: Pin): Promise<{ readonly id: string; readonly isEnded: boolean } | undefined> {
  const path = join(pin.path, MARK)
  const found = await lookAt(path)
  if (!isOwn(pin.found) || !found?.isSymbolicLink() || !isOwn(found)) return undefined
  return { id: await readlink(path), isEnded: (await lookAt(join(pin.path, ENDED))) !== undefined }
}
