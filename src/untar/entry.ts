/** Makes an entry of its header. */
import { type ByteString, joinNames } from '../bytes/index.ts'
import { type ImageNode, PATH_MAX } from '../tree/index.ts'
import type { TarEntries, TarEntry } from './entries.ts'

const TYPES: Readonly<Record<string, ImageNode['type']>> = {
  '0': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character-device',
  '4': 'block-device',
  '5': 'directory',
  '6': 'fifo',
  '7': 'file',
  // Of an incremental backup: the contents are a list of what the directory had.
  D: 'directory',
  // A part of a file: importers refuse it.
  M: 'file',
  S: 'file',
}

/** The node that an entry makes. */
export function typeOf({ header, path }: TarEntry): ImageNode['type'] {
  const type = TYPES[header.typeflag] ?? 'other'
  // So do archives older than POSIX say that something is a directory.
  return type === 'file' && path.endsWith('/') ? 'directory' : type
}

/** Seconds from 1970 to the last time that a `Date` takes, in the year 275760. No file system goes as far. */
const LATEST = 8.64e12

/** Permission bits, owner, group and the time of the last change in seconds since 1970, 0 where there is none. */
export function attributesOf({ header, pax }: TarEntry) {
  return {
    mode: (header.mode ?? 0) & 0o7777,
    uid: numberOf(pax.uid || header.uid),
    gid: numberOf(pax.gid || header.gid),
    mtime: Math.max(-LATEST, Math.min(LATEST, numberOf(pax.mtime || header.mtime))),
  }
}

function numberOf(value: ByteString | number = 0): number {
  const number = Number(value)
  return Number.isFinite(number) ? number : 0
}

/** Whether the contents of a file are stored without its holes, behind a map of them. */
export function isSparse({ header, pax }: TarEntry): boolean {
  return header.typeflag === 'S' || Object.keys(pax).some(key => key.startsWith('GNU.sparse.'))
}

/**
 * Whether contents follow an entry whose header has a size. They do not where its type has none, and behind a hard link
 * only if what comes is no header: then importers read different things.
 */
export async function hasContents(entry: TarEntry, entries: TarEntries): Promise<boolean> {
  const type = typeOf(entry)
  if (type === 'file' || type === 'other' || entry.header.typeflag === 'D') return true
  // GNU tar and libarchive agree in all formats but pax that a hard link has none.
  return type === 'hardlink' && entry.isPax && !(await entries.isAtHeader())
}

/**
 * A path as it is unpacked: without `/` and `./` in front, `/` behind, and empty or `.` components. The root is ''. One that
 * is too long for a kernel stays as it is.
 */
export function normalizePath(path: ByteString): ByteString {
  return path.length <= PATH_MAX && /^\.?\/|\/\.?(\/|$)|^\.$/.test(path)
    ? joinNames(path.split('/').filter(name => name !== '' && name !== '.'))
    : path
}
