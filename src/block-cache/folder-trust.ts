/**
 * Who can change what lies in a folder: whoever may write into it, and whoever may put another folder in its place, which
 * the folders above it and symlinks on the way to it decide.
 */
import { lstatSync, readFileSync, readlinkSync, type Stats } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { BlockCacheError } from './errors.ts'

/** Write permission of the group, and of all others. */
const GROUP_WRITE = 0o020
const OTHERS_WRITE = 0o002

/** In a folder with this bit, only the owner of a file, or of the folder, may rename or remove the file (inode(7)). */
const STICKY = 0o1000

/** As many symlinks as Linux follows in a path. */
const LINKS_MAX = 40

/** Whether files of a user are as good as one's own: oneself, root, and the owner of `/`, who can change everything. */
export function isTrustedOwner(uid: number): boolean {
  const own = process.geteuid?.()
  // Windows has no owners of this kind.
  return own === undefined || uid === own || uid === 0 || uid === lstatSync('/').uid
}

/**
 * Throws `BlockCacheError` FOLDER_UNTRUSTED if another user could change what is in `folder` (absolute), as far as it and
 * the folders above it are there.
 */
export function checkFolderTrust(folder: string): void {
  if (process.geteuid === undefined) return
  const names = partsOf(folder)
  let place = '/'
  let links = 0
  for (;;) {
    const found = lookAt(place)
    if (found?.isDirectory()) {
      const fault = folderFault(found, names.length === 0)
      if (fault) throw untrusted(folder, place, fault)
    } else if (found?.isSymbolicLink()) {
      if (!isTrustedOwner(found.uid)) throw untrusted(folder, place, `is a symlink of user ${found.uid}`)
      const target = readlinkSync(place)
      names.unshift(...partsOf(target))
      place = target.startsWith('/') ? '/' : dirname(place)
      if (++links > LINKS_MAX) return
    } else return
    const name = names.shift()
    if (name === undefined) return
    place = name === '..' ? dirname(place) : join(place, name)
  }
}

function partsOf(path: string): string[] {
  return path.split('/').filter(name => name !== '' && name !== '.')
}

/** `undefined` for what is not there, or may not be looked at: then no cache can be there, either. */
function lookAt(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
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
    'permission away (chmod go-w), choose a folder of your own (--cache-dir), or trust them all (--cache-shared; ' +
    '`shared` of openBlockCache)'
  return new BlockCacheError('FOLDER_UNTRUSTED', place, message)
}
