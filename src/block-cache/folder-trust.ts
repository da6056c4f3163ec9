/**
 * Who can change what lies in a folder: whoever may write into it, and whoever may put another folder in its place, which
 * the folders above it and symlinks on the way to it decide.
 */
import { readFileSync, type Stats } from 'node:fs'
import { userInfo } from 'node:os'
import { isTrustedOwner, wayTo } from '../disk/index.ts'
import { BlockCacheError } from './errors.ts'

/** Write permission of the group, and of all others. */
const GROUP_WRITE = 0o020
const OTHERS_WRITE = 0o002

/** In a folder with this bit, only the owner of a file, or of the folder, may rename or remove the file (inode(7)). */
const STICKY = 0o1000

/**
 * Throws `BlockCacheError` FOLDER_UNTRUSTED if another user could change what is in `folder` (absolute), as far as it and
 * the folders above it are there.
 */
export function checkFolderTrust(folder: string): void {
  if (process.geteuid === undefined) return
  for (const { place, found, isLast } of wayTo(folder)) {
    const isForeignLink = found.isSymbolicLink() && !isTrustedOwner(found.uid)
    const fault = isForeignLink
      ? `is a symlink of user ${found.uid}`
      : found.isDirectory() && folderFault(found, isLast)
    if (fault) throw untrusted(folder, place, fault)
  }
}

/** Why others can change what is in a folder. The sticky bit keeps what is there, not new names: enough for folders above. */
function folderFault({ uid, gid, mode }: Stats, isLast: boolean): string | undefined {
  if (!isTrustedOwner(uid)) return `belongs to user ${uid}`
  if ((mode & STICKY) !== 0 && !isLast) return undefined
  if ((mode & OTHERS_WRITE) !== 0) return 'can be written by all users'
  if ((mode & GROUP_WRITE) !== 0 && !isOwnGroup(gid)) return `can be written by group ${gid}`
  return undefined
}

/** Whether a group has no member but this user: many systems give each user one, and let it write what the user makes. */
function isOwnGroup(gid: number): boolean {
  try {
    const { gid: own, username } = userInfo()
    if (gid !== own) return false
    const line = readFileSync('/etc/group', 'utf8')
      .split('\n')
      .find(text => text.startsWith(`${username}:`))
    const [, , number, members = ''] = line?.split(':') ?? []
    return number === `${gid}` && members.split(',').every(member => member === '' || member === username)
  } catch {
    // A user or groups that no file lists.
    return false
  }
}

function untrusted(folder: string, place: string, fault: string): BlockCacheError {
  const where = place === folder ? '' : ` of the block cache in ${folder}`
  const message =
    `${place}: ${fault}, who could change what is in images by way${where || ' of the block cache there'}: take the ` +
    'permission away (chmod go-w), choose a folder of your own (--cache-dir), or trust them all (--cache-shared)'
  return new BlockCacheError('FOLDER_UNTRUSTED', place, message)
}
