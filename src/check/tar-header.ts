/** What an entry of a tar archive is to the importers, and the faults of its header. */
import {
  attributesOf,
  hasContents,
  isSparse,
  normalizePath,
  readSparseFile,
  readSparseMap,
  type TarEntries,
  type TarEntry,
  typeOf,
} from '../untar/index.ts'
import type { CheckedEntry } from './checked-entry.ts'
import type { Report } from './findings.ts'

/** Types that have a target. */
const LINKS = '12'

/** Fields that GNU tar refuses where they hold no number, and those of devices. */
const FIELDS = ['mode', 'uid', 'gid', 'size', 'mtime'] as const
const DEVICE_FIELDS = [...FIELDS, 'major', 'minor'] as const

/** Numbers of devices (makedev(3); the kernel has 12 and 20 bits). */
const MAJOR_MAX = 0xfff
const MINOR_MAX = 0xfffff

/** An entry as the rules see it, with the first bytes of its contents if they are looked at. */
export function checkedTarEntry(entry: TarEntry, head: Uint8Array | undefined): CheckedEntry {
  const { path, target, pax } = entry
  const type = typeOf(entry)
  const { mode, uid, gid } = attributesOf(entry)
  const base = { path, uid, gid, pax }
  if (type === 'symlink') return { ...base, type, target }
  if (type === 'hardlink') return { ...base, type, mode, target }
  // The contents of a sparse file lie apart from what they are contents of.
  return { ...base, type, mode, ...(type === 'file' && !isSparse(entry) && head && { contents: head }) }
}

/** Whether a number of a header, if it has it, is from 0 to `most`. */
function isWithin(number: number | undefined, most: number): boolean {
  return number === undefined || (number >= 0 && number <= most)
}

/** Looks at the header of an entry. */
export function checkTarHeader(entry: TarEntry, report: Report): void {
  const { header, pax } = entry
  const path = normalizePath(entry.path)
  const isDevice = '34'.includes(header.typeflag)
  for (const field of isDevice ? DEVICE_FIELDS : FIELDS) {
    if (header[field] !== undefined) continue
    report('number', `has no number for its ${field}, which GNU tar refuses`, { path, until: 258 })
  }
  if (Math.abs(header.mtime ?? 0) >= 2 ** 63) {
    report('number', `has a time of ${header.mtime}`, { path, until: 258 })
  }
  if ((header.size ?? 0) < 0) report('number', `has a size of ${header.size}`, { path })
  if (isDevice && !(isWithin(header.major, MAJOR_MAX) && isWithin(header.minor, MINOR_MAX))) {
    report('number', `is a device ${header.major}:${header.minor}, which no kernel has`, { path })
  }
  if (header.isPrefixDisputed) {
    report('path', 'has a prefix that GNU tar leaves out: its magic is neither that of POSIX nor that of GNU', { path })
  }
  // Where it is known, it is taken for that of a hard link.
  if (entry.isTargetExtended && !LINKS.includes(header.typeflag)) {
    const what = typeOf(entry) === 'other' ? 'no link' : `a ${typeOf(entry)}`
    report('hard-link', `is ${what}, and a header in front of it tells where it links to`, { path, since: 259 })
  }
  if (pax.linkpath === '' && header.typeflag === '2') {
    report('symlink', 'leads to no path at all, by a pax header', { path, until: 258 })
  }
  switch (header.typeflag) {
    case 'M':
      report('entry-type', 'is a part of a file that began in another archive: join the volumes', { path })
      break
    case 'A':
      report('entry-type', 'is an access control list of Solaris to libarchive, and a file to GNU tar', {
        path,
        severity: 'warning',
      })
      break
    case 'D':
      report('entry-type', 'is a directory of an incremental backup: what it lists is not looked at', {
        path,
        severity: 'note',
      })
      break
  }
  if (pax['GNU.sparse.major'] !== undefined && pax['GNU.sparse.major'] !== '1') {
    report('entry-type', 'is a sparse file of a format that tar does not know', { path, until: 258 })
  }
}

/** Whether contents follow an entry whose header has a size, and what importers make of the others. */
export async function checkContents(entry: TarEntry, archive: TarEntries, report: Report): Promise<boolean> {
  const path = normalizePath(entry.path)
  const type = typeOf(entry)
  const found = await hasContents(entry, archive)
  if (type === 'hardlink' && entry.isPax) {
    if (found) report('entry-size', 'is a hard link with contents, which tar does not know', { path, until: 258 })
    const message = `is a hard link with a size of ${entry.size}: what follows is taken for its contents, and lost`
    if (!found) report('entry-size', message, { path, since: 259 })
  } else if (!found) {
    const what = type === 'hardlink' ? 'hard link' : type
    report('entry-size', `has a size of ${entry.size}, though a ${what} has no contents`, { path, severity: 'note' })
  }
  return found
}

/** Looks at the map of a sparse file among `stored` bytes of contents; returns how many of them follow it. */
export async function checkSparse(
  entry: TarEntry,
  stored: number,
  archive: TarEntries,
  report: Report,
): Promise<number> {
  if (typeOf(entry) !== 'file') {
    if (entry.header.isMapContinued) await archive.skipMap()
    return stored
  }
  const path = normalizePath(entry.path)
  const file = await readSparseFile(entry, archive)
  if (file === undefined) return stored
  const start = archive.offset
  const map = file?.parts ? file : file && (await readSparseMap(file, stored, archive))
  const left = stored - (archive.offset - start)
  if (!map?.parts) {
    report('corrupt', 'is a sparse file whose map cannot be read', { path })
    return left
  }
  const mapped = map.parts.reduce((total, { length }) => total + length, 0)
  const message = `is a sparse file with ${left} bytes, where its map says ${mapped}`
  if (mapped > left) report('corrupt', message, { path })
  // Importers leave the rest out.
  else if (mapped < left) report('corrupt', message, { path, severity: 'warning' })
  return left
}
