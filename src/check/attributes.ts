/** Extended attributes and access control lists of entries, which importers restore, lose or fail at. */
import { type ByteString, byteString } from '../bytes/index.ts'
import { octalMode } from '../units.ts'
import type { PaxRecords } from '../untar/index.ts'
import { aclOutcome } from './acl.ts'
import type { CheckedEntry } from './checked-entry.ts'
import type { Report } from './findings.ts'
import { shown } from './shown.ts'

const SCHILY = 'SCHILY.xattr.'
const LIBARCHIVE = byteString`LIBARCHIVE.xattr.`
/** Bytes of an attribute's value, and of its name (xattr(7)). */
const VALUE_MAX = 65_536
const NAME_MAX = 255

/** Looks at the attributes of an entry. A hard link has none: what it leads to keeps its own. */
export function checkAttributes(entry: CheckedEntry, path: ByteString, report: Report): void {
  const { pax, type } = entry
  if (pax === undefined || type === 'hardlink') return
  for (const [name, value] of attributesOf(pax)) {
    if (!(SCHILY + name in pax)) {
      const message = `has ${shown(byteString`${LIBARCHIVE}${name}`)}, which systemd up to 258 passes over: write it as SCHILY.xattr, too`
      report('xattr', message, { path, severity: 'note', until: 258 })
    }
    checkAttribute(name, value, entry, path, report)
  }
  checkAcls(pax, entry, path, report)
}

/** Names and, where they are known, values. */
function attributesOf(pax: PaxRecords): Map<ByteString, ByteString | undefined> {
  const attributes = new Map<ByteString, ByteString | undefined>()
  // Keys are byte strings: see PaxRecords.
  const keys = Object.keys(pax) as ByteString[]
  for (const key of keys) if (key.startsWith(SCHILY)) attributes.set(key.slice(SCHILY.length), pax[key])
  for (const key of keys) {
    if (!key.startsWith(LIBARCHIVE)) continue
    const name = key
      .slice(LIBARCHIVE.length)
      .replace(/%([0-9a-fA-F]{2})/g, (_, hex) => String.fromCharCode(+`0x${hex}`)) as ByteString
    if (!attributes.has(name)) attributes.set(name, undefined)
  }
  return attributes
}

function checkAttribute(
  name: ByteString,
  value: ByteString | undefined,
  { type }: CheckedEntry,
  path: ByteString,
  report: Report,
): void {
  // Both pass over what is not the name of an attribute, and over labels where there is no SELinux.
  if (name === '' || name.length > NAME_MAX || name === 'security.selinux') return
  if (name.startsWith('system.posix_acl_')) {
    const message = `has the attribute ${shown(name)}, which importers pass over: tar --acls writes it as they read it`
    report('acl', message, { path, severity: 'warning' })
    return
  }
  const problem = problemOf(name, value, type)
  if (problem === undefined) return
  report('xattr', `has the attribute ${shown(name)}, ${problem}: leave it out`, { path, since: 259 })
  report('xattr', `has the attribute ${shown(name)}, which is lost: leave it out`, {
    path,
    severity: 'warning',
    until: 258,
  })
}

/** Why an attribute cannot be set by a program without CAP_SYS_ADMIN. */
function problemOf(name: ByteString, value: ByteString | undefined, type: CheckedEntry['type']): string | undefined {
  if (value !== undefined && value.length > VALUE_MAX) return `whose value has more than ${VALUE_MAX} bytes`
  if (name === 'security.capability') {
    const size = { 1: 12, 2: 20, 3: 24 }[value?.charCodeAt(3) ?? 0]
    return value === undefined || value.length === size ? undefined : 'whose value is no set of capabilities'
  }
  if (/^user\../s.test(name)) {
    return type === 'file' || type === 'directory' ? undefined : `which a ${type} cannot have`
  }
  return 'which systemd may not set, not even for root'
}

function checkAcls(pax: PaxRecords, entry: CheckedEntry, path: ByteString, report: Report): void {
  if (entry.type === 'symlink') return
  const { type, mode } = entry
  const outcome = aclOutcome(pax, type)
  if (outcome === undefined) return
  if ('problem' in outcome) {
    report('acl', `has an access control list ${outcome.problem}: leave it out`, { path, since: 259 })
  } else if (outcome.mode !== mode) {
    const modes = `${octalMode(outcome.mode)} instead of ${octalMode(mode)}`
    const message = `has an access control list, with which its mode becomes ${modes}: leave the list out`
    report('acl', message, { path, severity: 'warning', since: 259 })
  }
  if (!('isTrivial' in outcome && outcome.isTrivial)) {
    const message = 'has an access control list, which systemd up to 258 passes over'
    report('acl', message, { path, severity: 'warning', until: 258 })
  }
}
