/**
 * pax extended header records (POSIX.1-2001, pax interchange format):
 *
 *     record  length " " keyword "=" value "\n"      length: of the whole record, itself included, in decimal
 *
 * Used for what GNU format cannot hold, extended attributes: keyword `SCHILY.xattr.NAME`, value the raw bytes. GNU
 * tar, libarchive and star read them so.
 */

import {
  type ByteString,
  byteString,
  compareByteStrings,
  concatBytes,
  decodeText,
  encodeByteString,
  encodeText,
} from '../bytes/index.ts'
import { TarError } from './errors.ts'

/** Extended attributes: name (such as `security.capability`; text, as UTF-8) to raw value. */
export type Xattrs = Readonly<Record<string, Uint8Array>>

/** The records of an entry's extended attributes, ordered by name. */
export function encodeXattrRecords(path: ByteString, xattrs: Xattrs): Uint8Array {
  const records = Object.entries(xattrs)
    .map(([name, value]) => ({ key: keyword(path, name), value }))
    .sort((a, b) => compareByteStrings(a.key, b.key))
  return concatBytes(records.map(({ key, value }) => encodeRecord(key, value)))
}

function keyword(path: ByteString, name: string): ByteString {
  // A keyword ends at the first "=", so a name that holds one would come back as another name.
  if (name === '' || /[=\0\n]/.test(name)) {
    const entry = decodeText(path)
    const message = `${entry}: extended attribute ${JSON.stringify(name)} has a name that tar cannot hold; rename it`
    throw new TarError('TAR_FIELD_INVALID', entry, message)
  }
  return byteString`SCHILY.xattr.${encodeText(name)}`
}

function encodeRecord(key: ByteString, value: Uint8Array): Uint8Array {
  const rest = key.length + value.length + 3
  let length = rest + 1
  while (String(length).length + rest !== length) length = String(length).length + rest
  const record = new Uint8Array(length)
  const head = encodeByteString(byteString`${length} ${key}=`)
  record.set(head)
  record.set(value, head.length)
  record[length - 1] = 0x0a
  return record
}
