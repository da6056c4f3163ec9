/**
 * Which users may have put a file into a folder. No user can make a file, folder or link that belongs to another (chown(2)).
 * Where fs.protected_hardlinks is on, as in all distributions, no user can link to a file that they may not write. But in a
 * folder that is not sticky, every user who may write can rename all files (rename(2), inode(7)).
 */
import { lstatSync, type Stats } from 'node:fs'
import { lstat, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DiskError } from './errors.ts'
import { wayTo } from './way.ts'

/**
 * Who may write into a folder: only this user and root (`private`); others, too, but they can touch only their own files
 * (`sticky`); others, who can rename and remove everything, or put another folder in its place (`open`).
 */
export type Sharing = 'private' | 'sticky' | 'open'

/** In a folder with this bit, only the owner of a file, or of the folder, may rename or remove the file (inode(7)). */
export const STICKY = 0o1000

/** Who may write into a folder. */
export async function sharingOf(folder: string): Promise<Sharing> {
  if (canBeExchanged(folder)) return 'open'
  const found = await stat(folder)
  if (found.uid !== ownId() && found.uid !== 0) return 'open'
  if (!isWritableByOthers(found)) return 'private'
  return found.mode & STICKY ? 'sticky' : 'open'
}

/** Whether others may put another folder in the place of one, or of one above it. */
function canBeExchanged(folder: string): boolean {
  for (const { found, isLast } of wayTo(folder)) {
    if (!isTrustedOwner(found.uid)) return true
    // In a sticky folder they may rename what is theirs alone.
    if (!isLast && isWritableByOthers(found) && (found.mode & STICKY) === 0) return true
  }
  return false
}

/** Whether what a user does is as good as one's own doing: oneself, root, and the owner of `/`, who can change everything. */
export function isTrustedOwner(uid: number): boolean {
  // Windows has no owners of this kind.
  return process.geteuid === undefined || uid === ownId() || uid === 0 || uid === lstatSync('/').uid
}

/** Whether a file, folder or link is this user's, and nobody else may have written what is in it. */
export function isOwn(found: Stats): boolean {
  return found.uid === ownId() && !isWritableByOthers(found)
}

/** Whether nobody but this user and those who can change everything may have written what is in a file, folder or link. */
export function isTrusted(found: Stats): boolean {
  return isTrustedOwner(found.uid) && !isWritableByOthers(found)
}

/**
 * An access control list shows in the bits of the group (acl(5)). Where the umask is 002, users have a group of their own
 * that bears their number (useradd(8)): what that may write, only they may write.
 */
function isWritableByOthers(found: Stats): boolean {
  // The mode of a link is always 0777 and says nothing, nor does any on Windows.
  if (found.isSymbolicLink() || process.geteuid === undefined) return false
  const { mode, uid, gid } = found
  return (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && (gid === 0 || gid !== uid))
}

/** Whose something is, for a message. */
export function ownerShown(found: Stats): string {
  if (found.uid !== ownId()) return `another user (ID ${found.uid})`
  return isOwn(found) ? 'this user' : 'this user, though others may write into it'
}

/** What has this name, were it a link that leads nowhere; `undefined` if nothing has. */
export async function lookAt(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * Throws `DiskError` if a name is taken by what somebody else put into a sticky folder. There the system keeps users from
 * replacing what others have, but not root.
 */
export async function checkOwner(folder: string, file: string, sharing: Sharing): Promise<void> {
  if (sharing === 'private' || ((await stat(folder)).mode & STICKY) === 0) return
  const path = join(folder, file)
  const found = await lookAt(path)
  if (found === undefined || found.uid === ownId()) return
  throw new DiskError(
    path,
    `${path}: belongs to ${ownerShown(found)}, and would be replaced; have it removed or choose another folder`,
  )
}

/** Files are made by the effective user. Where there are no users, as on Windows, all is of one. */
function ownId(): number {
  return process.geteuid?.() ?? 0
}
