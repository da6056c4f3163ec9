/**
 * The header of an entry, with whatever has to stand in front of it:
 *
 *     entry-header  [pax-header] [long-link] [long-name] header-block
 *     pax-header    header-block of type "x", records          only with extended attributes
 *     long-link     header-block of type "K", linkname NUL     a linkname of more than 100 bytes
 *     long-name     header-block of type "L", name NUL         a name of more than 100 bytes
 *
 * each part padded to a block. The order and every field are GNU tar's with `--format=gnu --numeric-owner`, so that the
 * archive is the same byte for byte; only extended attributes, which it would not write in that format, add to it.
 */

import { type ByteString, byteString, decodeText, EMPTY, writeByteString } from '../bytes/index.ts'
import { TarError } from './errors.ts'
import { type HeaderFields, NAME_SIZE, writeHeaderBlock } from './header.ts'
import { TAR_BLOCK_SIZE, tarPaddedSize, writeZeros } from './layout.ts'
import { encodeXattrRecords, type Xattrs } from './pax.ts'

/** The types of entries. A hard link names the path, in the archive, of an earlier entry. */
export type TarEntryType = 'file' | 'directory' | 'symlink' | 'hardlink'

/** An entry of an archive, without its contents. */
export interface TarEntry {
  type: TarEntryType
  /** Relative path, without `./` in front or `/` behind. */
  path: ByteString
  /** Permission bits, such as 0o644; symlinks have 0o777. */
  mode: number
  /** Bytes of contents; only a file has any. Default 0. */
  size?: number
  /** Target of a symlink, path of the other entry of a hard link. */
  linkname?: ByteString
  /** Seconds since 1970. Default 1, as in a Nix store. */
  mtime?: number
  /** Owner. Default 0. */
  uid?: number
  /** Group. Default 0. */
  gid?: number
  xattrs?: Xattrs
}

const TYPEFLAGS: Record<TarEntryType, string> = { file: '0', hardlink: '1', symlink: '2', directory: '5' }

/** Bytes that {@link writeTarHeader} writes for an entry: a multiple of 512. */
export function tarHeaderSize(entry: TarEntry): number {
  let size = TAR_BLOCK_SIZE
  const nameLength = entry.path.length + (entry.type === 'directory' ? 1 : 0)
  if (nameLength > NAME_SIZE) size += partSize(nameLength + 1)
  const linkLength = entry.linkname?.length ?? 0
  if (linkLength > NAME_SIZE) size += partSize(linkLength + 1)
  const records = xattrRecords(entry)
  if (records.length > 0) size += partSize(records.length)
  return size
}

/** Bytes of a whole entry: header, contents and padding. */
export function tarEntrySize(entry: TarEntry): number {
  const size = contentsSize(entry)
  return tarHeaderSize(entry) + tarPaddedSize(size)
}

function contentsSize({ type, size = 0 }: TarEntry): number {
  return type === 'file' ? size : 0
}

/** Encodes the header of an entry. */
export function encodeTarHeader(entry: TarEntry): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(tarHeaderSize(entry))
  writeTarHeader(bytes, 0, entry)
  return bytes
}

/**
 * Writes the header of an entry into `target`, which must have {@link tarHeaderSize} bytes left at `offset`, and
 * returns the offset behind it. Throws `TarError` for a path or field that importers refuse.
 */
export function writeTarHeader(target: Uint8Array, offset: number, entry: TarEntry): number {
  checkPath(entry.path)
  const typeflag = typeflagOf(entry)
  // A cast, for this runs once an entry: byteString would make an array.
  const name = entry.type === 'directory' ? (`${entry.path}/` as ByteString) : entry.path
  const linkname = checkedLinkname(entry)
  let at = offset
  const records = xattrRecords(entry)
  if (records.length > 0) at = writePax(target, at, entry.path, records)
  if (linkname.length > NAME_SIZE) at = writeLong(target, at, 'K', linkname)
  if (name.length > NAME_SIZE) at = writeLong(target, at, 'L', name)
  const fields = {
    name,
    mode: entry.mode,
    uid: entry.uid ?? 0,
    gid: entry.gid ?? 0,
    size: contentsSize(entry),
    mtime: entry.mtime ?? 1,
    typeflag,
    linkname,
  }
  try {
    writeHeaderBlock(target, at, fields)
  } catch (error) {
    throw faultOfNumbers(entry, fields) ?? error
  }
  return at + TAR_BLOCK_SIZE
}

/** The error about a number that does not fit. It is looked for only after a fault: this runs once an entry. */
function faultOfNumbers({ path }: TarEntry, fields: HeaderFields): TarError | undefined {
  for (const key of ['mode', 'uid', 'gid', 'size', 'mtime'] as const) {
    const value = fields[key]
    if (Number.isSafeInteger(value) && value >= 0) continue
    const shown = decodeText(path)
    const message = `${shown}: ${key} is ${value}; give a whole number from 0 to 2^53 - 1`
    return new TarError('TAR_FIELD_INVALID', shown, message)
  }
  return undefined
}

/** The name that GNU tar gives to a header with a long name. */
const LONG_LINK = byteString`././@LongLink`

function writeLong(target: Uint8Array, offset: number, typeflag: 'K' | 'L', text: ByteString): number {
  writePrivateHeader(target, offset, LONG_LINK, typeflag, text.length + 1)
  const start = offset + TAR_BLOCK_SIZE
  const end = writeByteString(target, start, text)
  const padded = start + tarPaddedSize(text.length + 1)
  writeZeros(target, end, padded - end)
  return padded
}

function writePax(target: Uint8Array, offset: number, path: ByteString, records: Uint8Array): number {
  const name = path.slice(path.lastIndexOf('/') + 1)
  writePrivateHeader(target, offset, byteString`PaxHeaders/${name}`, 'x', records.length)
  const start = offset + TAR_BLOCK_SIZE
  target.set(records, start)
  const padded = start + tarPaddedSize(records.length)
  writeZeros(target, start + records.length, padded - start - records.length)
  return padded
}

/** A header that carries part of another one, with the fields that GNU tar gives to such. */
function writePrivateHeader(target: Uint8Array, offset: number, name: ByteString, typeflag: string, size: number) {
  writeHeaderBlock(target, offset, { name, mode: 0o644, uid: 0, gid: 0, size, mtime: 0, typeflag, linkname: EMPTY })
}

function partSize(size: number): number {
  return TAR_BLOCK_SIZE + tarPaddedSize(size)
}

const NO_RECORDS = new Uint8Array(0)

function xattrRecords({ path, xattrs }: TarEntry): Uint8Array {
  return xattrs ? encodeXattrRecords(path, xattrs) : NO_RECORDS
}

function typeflagOf({ type, path }: TarEntry): string {
  if (Object.hasOwn(TYPEFLAGS, type)) return TYPEFLAGS[type]
  const shown = decodeText(path)
  const message = `${shown}: a type is ${Object.keys(TYPEFLAGS).join(', ')}, not ${JSON.stringify(type)}`
  throw new TarError('TAR_FIELD_INVALID', shown, message)
}

function checkPath(path: ByteString): void {
  if (path !== '' && !/(^|\/)(\.{0,2})(\/|$)|\0/.test(path)) return
  const shown = decodeText(path)
  throw new TarError(
    'TAR_PATH_INVALID',
    shown,
    `${JSON.stringify(shown)}: not a path for an archive: give a relative one without empty, "." or ".." components`,
  )
}

function checkedLinkname(entry: TarEntry): ByteString {
  const linkname = entry.linkname ?? EMPTY
  const wanted = entry.type === 'symlink' || entry.type === 'hardlink'
  if (entry.type === 'hardlink' && linkname !== '') checkPath(linkname)
  if ((linkname !== '') === wanted && !linkname.includes('\0')) return linkname
  const shown = decodeText(entry.path)
  const what = wanted ? `a ${entry.type} needs a linkname without NUL` : `a ${entry.type} has no linkname`
  throw new TarError('TAR_FIELD_INVALID', shown, `${shown}: ${what}`)
}
