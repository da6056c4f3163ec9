/** What is wrong with pax headers, whichever entry they are about (POSIX.1-2017, pax, "pax Extended Header"). */
import type { ByteString } from '../bytes/index.ts'
import { PAX_NAMES, type PaxHeader, type PaxRecords } from '../untar/index.ts'
import type { Report } from './findings.ts'
import { shownQuoted } from './shown.ts'

/** Keys for all entries that libarchive passes over; what it would have to obey it refuses. */
const OBEYED_GLOBALS = [
  /^(path|linkpath|size|[amc]time|[ug]id|[ug]name|hdrcharset)$/,
  /^GNU\.sparse\./,
  /^LIBARCHIVE\./,
  /^RHT\.security\.selinux$/,
  /^SCHILY\.(acl\..*|xattr\..*|fflags|dev|devmajor|devminor|ino|nlink|realsize)$/,
]

/** Numbers that GNU tar takes: for IDs and sizes whole ones, for times also parts of a second. */
const NUMBERS: Readonly<Record<string, RegExp>> = {
  size: /^\d+$/,
  uid: /^\d+$/,
  gid: /^\d+$/,
  atime: /^-?\d+(\.\d*)?$/,
  ctime: /^-?\d+(\.\d*)?$/,
  mtime: /^-?\d+(\.\d*)?$/,
}
/** What fits into the 64 bits of a time or size. */
const INT64_MAX = 2 ** 63
/** IDs have 32 bits. */
const ID_MAX = 2 ** 32

/** Looks at a global header: its records are for all entries that follow. */
export function reportGlobals(header: PaxHeader, report: Report): void {
  const { records } = header
  // Keys are byte strings: see PaxRecords.
  const keys = Object.keys(records) as ByteString[]
  if (header.fault !== undefined) reportFault(header, report)
  else if (keys.length === 0) report('pax-global', 'a global pax header is empty: leave it out', { since: 259 })
  for (const key of keys) {
    if (!OBEYED_GLOBALS.some(pattern => pattern.test(key))) continue
    const message = `a global pax header sets ${shownQuoted(key)} for all entries: write it into the header of each`
    report('pax-global', message, { since: 259 })
  }
  reportNames(records, 'a global pax header', report)
  reportNumbers(records, 'a global pax header', report)
}

/** Looks at the header of one entry, and whether another was there before it. */
export function reportPaxHeader(header: PaxHeader, isSecond: boolean, report: Report): void {
  const { records } = header
  const path = records.path || undefined
  const details = { ...(path !== undefined && { path }) }
  if (header.fault !== undefined) reportFault(header, report, path)
  else if (Object.keys(records).length === 0) report('pax', 'a pax header is empty: leave it out', { since: 259 })
  if (isSecond) {
    const message = 'has two pax headers: put their records into one'
    report('pax', message, { ...details, since: 259 })
    report('pax', `${message}, as GNU tar keeps those of the second only`, {
      ...details,
      until: 258,
      severity: 'warning',
    })
  }
  reportNames(records, 'a pax header', report, path)
  reportNumbers(records, 'a pax header', report, path)
}

function reportFault({ fault, isPadded }: PaxHeader, report: Report, path?: ByteString): void {
  const details = { ...(path !== undefined && { path }) }
  const message = `a pax header cannot be read: ${fault}`
  if (!isPadded) report('pax', message, { ...details, until: 258 })
  report('pax', `${message}, and what it says is lost`, { ...details, since: 259, severity: 'warning' })
}

function reportNames(records: PaxRecords, where: string, report: Report, path?: ByteString): void {
  if (records.path === '') report('pax', `${where} has an empty path`, { until: 252 })
  for (const key of PAX_NAMES) {
    if (!records[key]?.includes('\0')) continue
    const message = `${where} has a NUL in its ${key}: importers take what stands in front of it for the whole name`
    report('pax', message, { ...(path !== undefined && { path }) })
  }
}

function reportNumbers(records: PaxRecords, where: string, report: Report, path?: ByteString): void {
  for (const [key, pattern] of Object.entries(NUMBERS)) {
    const value = records[key]
    if (value === undefined) continue
    const isId = key === 'uid' || key === 'gid'
    const isGood = pattern.test(value) && Math.abs(Number(value)) < (isId ? ID_MAX : INT64_MAX)
    if (isGood) continue
    const message = `${where} has ${shownQuoted(value)} for ${key}: write a number that fits`
    // A size decides where the next entry begins, for all.
    report('pax', message, { ...(path !== undefined && { path }), ...(key !== 'size' && { until: 258 }) })
  }
}
