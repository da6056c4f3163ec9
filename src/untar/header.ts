/**
 * The header of an entry of a tar archive, as importers read it (POSIX.1-2017, pax, "ustar Interchange Format"; GNU tar,
 * "Basic Tar Format").
 *
 *     offset  bytes  field            offset  bytes  field
 *          0    100  name                157    100  linkname
 *        100      8  mode                257      6  magic: "ustar" NUL, or "ustar " in GNU's format
 *        108      8  user ID             263      2  version
 *        116      8  group ID            345    155  prefix of the name; GNU has other fields there
 *        124     12  size                329      8  major number of a device; minor (8)
 *        136     12  time                386    109  GNU: the map of a sparse file, and its size
 *        148      8  checksum
 *        156      1  typeflag
 *
 * Numbers are octal digits with spaces or NULs around them, or two's complement, big-endian, with the first bit set.
 */
import { type ByteString, EMPTY, joinPath } from '../bytes/index.ts'
import { TAR_BLOCK_SIZE } from '../tar/index.ts'

/** The fields of a header. A number is `undefined` where its field holds none. */
export interface TarHeader {
  /** One character; `0` for a file also where the field is a NUL. */
  readonly typeflag: string
  readonly path: ByteString
  /** Whether GNU tar leaves out what the path has from the prefix, and libarchive does not: for the magic is of neither format. */
  readonly isPrefixDisputed: boolean
  readonly linkname: ByteString
  readonly mode: number | undefined
  readonly uid: number | undefined
  readonly gid: number | undefined
  readonly size: number | undefined
  readonly mtime: number | undefined
  /** Of a device. */
  readonly major: number | undefined
  readonly minor: number | undefined
  /** Whether blocks with more of a sparse file's map lie between the header and the contents. */
  readonly isMapContinued: boolean
  /** Of a sparse file in GNU's format: its map and its size, bytes 386 to 494 of the header. */
  readonly sparse?: Uint8Array
}

/** Decodes a block of 512 bytes; `undefined` if its checksum says that it is no header. */
export function decodeTarHeader(bytes: Uint8Array): TarHeader | undefined {
  if (!hasChecksum(bytes)) return undefined
  const block = Buffer.from(bytes.buffer, bytes.byteOffset, TAR_BLOCK_SIZE)
  const magic = block.toString('latin1', 257, 265)
  const format = magic === 'ustar  \0' ? 'gnu' : magic.startsWith('ustar') ? 'ustar' : 'v7'
  const typeflag = block[156] === 0 ? '0' : String.fromCharCode(block[156]!)
  const isSparse = format === 'gnu' && typeflag === 'S'
  const name = textField(block, 0, 100)
  const prefix = format === 'ustar' ? textField(block, 345, 155) : EMPTY
  return {
    typeflag,
    path: prefix === '' ? name : joinPath(prefix, name),
    isPrefixDisputed: prefix !== '' && !magic.startsWith('ustar\0'),
    linkname: textField(block, 157, 100),
    mode: numberField(block, 100, 8),
    uid: numberField(block, 108, 8),
    gid: numberField(block, 116, 8),
    size: numberField(block, 124, 12),
    mtime: numberField(block, 136, 12),
    major: numberField(block, 329, 8),
    minor: numberField(block, 337, 8),
    isMapContinued: isSparse && block[482] !== 0,
    ...(isSparse && { sparse: Uint8Array.from(block.subarray(386, 495)) }),
  }
}

/** The bytes of the checksum itself count as blanks. */
const CHECKSUM_BLANKS = 8 * 0x20

function hasChecksum(block: Uint8Array): boolean {
  const stored = numberField(block, 148, 8)
  let sum = CHECKSUM_BLANKS
  for (let at = 0; at < TAR_BLOCK_SIZE; at++) sum += block[at]!
  for (let at = 148; at < 156; at++) sum -= block[at]!
  if (stored === sum) return true
  // Old archivers added signed bytes.
  for (let at = 0; at < TAR_BLOCK_SIZE; at++) if (block[at]! > 127 && (at < 148 || at >= 156)) sum -= 256
  return stored === sum
}

function textField(block: Buffer, start: number, length: number): ByteString {
  if (block[start] === 0) return EMPTY
  const nul = block.indexOf(0, start)
  // As decodeByteString, in one call: there are three fields a header.
  return block.toString('latin1', start, nul === -1 ? start + length : Math.min(nul, start + length)) as ByteString
}

/** A number in a field; `undefined` if it holds none. */
export function numberField(block: Uint8Array, start: number, length: number): number | undefined {
  if (block[start]! & 0x80) return binaryNumber(block.subarray(start, start + length))
  const end = start + length
  let at = start
  while (at < end && (block[at] === 0x20 || block[at] === 0x09 || block[at] === 0)) at++
  // GNU tar refuses a field of blanks, also behind a NUL, and takes one of NULs for 0.
  if (at === end && !block.subarray(start + 1, end).includes(0)) return undefined
  let value = 0
  for (; at < end && block[at] !== 0x20 && block[at] !== 0; at++) {
    if (block[at]! < 0x30 || block[at]! > 0x37) return undefined
    value = value * 8 + block[at]! - 0x30
  }
  return value
}

function binaryNumber(bytes: Uint8Array): number {
  const isNegative = (bytes[0]! & 0x40) !== 0
  let value = isNegative ? bytes[0]! - 256 : bytes[0]! - 128
  for (const byte of bytes.subarray(1)) value = value * 256 + byte
  return value
}
