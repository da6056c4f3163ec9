/**
 * Access control lists as `star`, GNU tar and libarchive write them: entries `TAG:NAME:PERMISSIONS`, sometimes with an ID
 * behind, separated by commas or newlines (star(5), SCHILY.acl; acl(5)). systemd restores them from 259 on.
 */

import type { PaxRecords } from '../untar/index.ts'
import type { EntryType } from './checked-entry.ts'

/** What systemd makes of an entry's lists: its mode, or why it fails. */
export type AclOutcome = { readonly mode: number; readonly isTrivial: boolean } | { readonly problem: string }

/** One list, as far as it can be read. */
interface Acl {
  /** Permissions of the owner, the group and all others; absent where there is no entry. */
  readonly user?: number
  readonly group?: number
  readonly other?: number
  readonly mask?: number
  /** Whether there are entries for one user or group. */
  readonly hasNames: boolean
}

/** What comes of the lists in the pax records of an entry; `undefined` if there are none. */
export function aclOutcome(pax: PaxRecords, type: EntryType): AclOutcome | undefined {
  const texts = { access: pax['SCHILY.acl.access'], fallback: pax['SCHILY.acl.default'], ace: pax['SCHILY.acl.ace'] }
  if (texts.access === undefined && texts.fallback === undefined && texts.ace === undefined) return undefined
  if (type !== 'file' && type !== 'directory') return { problem: `, which a ${type} cannot have` }
  const access = parseAcl(texts.access ?? '')
  if (access.hasNames && access.mask === undefined) return { problem: 'with names and no mask' }
  const fallback = parseAcl(texts.fallback ?? '')
  if (type === 'directory' && isAny(fallback)) {
    const { user, group, other, mask, hasNames } = fallback
    if (user === undefined || group === undefined || other === undefined) {
      return { problem: 'for what is made in it that says nothing of the owner, the group or others' }
    }
    if (hasNames && mask === undefined) return { problem: 'for what is made in it with names and no mask' }
  }
  const { user = 0, group = 0, other = 0, mask } = access
  const isTrivial = texts.fallback === undefined && texts.ace === undefined && !access.hasNames && mask === undefined
  return { mode: user * 64 + (mask ?? group) * 8 + other, isTrivial }
}

function isAny({ user, group, other, mask, hasNames }: Acl): boolean {
  return hasNames || [user, group, other, mask].some(each => each !== undefined)
}

function parseAcl(text: string): Acl {
  const found: { -readonly [K in keyof Acl]: Acl[K] } = { hasNames: false }
  for (const entry of text.split(/[,\n]/)) {
    const [, tag = '', name, permissions = ''] =
      /^\s*(u|user|g|group|o|other|m|mask):([^:]*):([-rwxX]+)(?::-?\d+)?\s*(?:#.*)?$/.exec(entry) ?? []
    if (tag === '') continue
    const value =
      (permissions.includes('r') ? 4 : 0) + (permissions.includes('w') ? 2 : 0) + (/x/i.test(permissions) ? 1 : 0)
    if (tag.startsWith('m')) found.mask = value
    else if (tag.startsWith('o')) found.other = value
    else if (name) found.hasNames = true
    else found[tag.startsWith('u') ? 'user' : 'group'] = value
  }
  return found
}
