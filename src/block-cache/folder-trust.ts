/**
 * Who can change what lies in a folder: whoever may write into it, and whoever may put another folder in its place, which
 * the folders above it and symlinks on the way to it decide.
 */
import { readFileSync, type Stats } from 'node:fs'
import { userInfo } from 'node:os'
import { DescriptorsError, withDescriptorSync } from '../descriptors.ts'
import { isTrustedOwner, STICKY, wayTo } from '../disk/index.ts'
import { BlockCacheError } from './errors.ts'

/** Write permission of the group, and of all others. */
const GROUP_WRITE = 0o020
const OTHERS_WRITE = 0o002

/**
 * Throws `BlockCacheError` FOLDER_UNTRUSTED if another user could change what is in `folder` (absolute), as far as it and
 * the folders above it are there; and `DescriptorsError`.
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

/**
 * Whether a group has no member but this user: many systems give each user one, and let it write what the user makes. Its number
 * alone, by which the room `disk` judges the files of any owner, does not tell who else is in it.
 */
function isOwnGroup(gid: number): boolean {
  try {
    const { gid: own, username } = withDescriptorSync(() => userInfo())
    if (gid !== own) return false
    const line = withDescriptorSync(() => readFileSync('/etc/group', 'utf8'))
      .split('\n')
      .find(text => text.startsWith(`${username}:`))
    const [, , number, members = ''] = line?.split(':') ?? []
    return number === `${gid}` && members.split(',').every(member => member === '' || member === username)
  } catch (error) {
    if (error instanceof DescriptorsError) throw error
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
