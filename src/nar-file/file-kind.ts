/** The kind of a file by its first bytes, for messages about a file of the wrong kind. */
import { type DetectedCompression, detectCompression } from '../unpack/index.ts'

/** A kind of file. */
export interface FileKind {
  /** For a message, with its article: "an xz file". */
  readonly what: string
  /** Its compression, by the name in a narinfo. */
  readonly compression?: string
  /** The command that undoes that, to which the file's name is added. */
  readonly unpack?: string
  /** Advice about such a file, where a NAR is wanted. */
  readonly advice?: string
}

/** Bytes at the beginning of a file that {@link fileKindOf} looks at. */
export const KIND_HEAD_SIZE = 512

/** The length of the first string of a NAR, then the string (nix: src/libutil/archive.cc). */
const NAR_MAGIC = '\x0d\0\0\0\0\0\0\0nix-archive-1'

/** The output of `nix-store --export`: a one, then a NAR. */
export const EXPORT: FileKind = { what: 'an export of nix-store --export', advice: 'give it as an export (--export)' }

/** The output of `nix nario export --format 2` (nix: src/libstore/export-import.cc, exportMagicV2). */
export const EXPORT_2: FileKind = {
  what: 'an export of format 2',
  advice: 'write it again with nix-store --export, and give it as an export (--export)',
}

export const NAR: FileKind = { what: 'a NAR', compression: 'none' }
export const NARINFO: FileKind = { what: 'a narinfo' }
export const CACHE_INFO: FileKind = { what: 'a nix-cache-info' }

/** First bytes as latin1, of what is not compressed. */
const MAGICS: readonly (readonly [magic: string, kind: FileKind])[] = [
  [NAR_MAGIC, NAR],
  [`\x01\0\0\0\0\0\0\0${NAR_MAGIC}`, EXPORT],
  ['NARIO2\0\0', EXPORT_2],
  ['StorePath:', NARINFO],
  ['StoreDir:', CACHE_INFO],
  ['!<arch>\n', { what: 'an ar archive or a Debian package' }],
  ['\x7fELF', { what: 'a program (ELF)' }],
]

/** Texts by how they begin, behind white space. */
const TEXTS: readonly (readonly [begin: RegExp, what: string])[] = [
  [/^(<!doctype html|<html|<head|<body)/i, 'an HTML page'],
  [/^<(\?xml|[a-z])/i, 'an XML document'],
  [/^[{[]/, 'JSON'],
]

/** The kind of a file that begins with these bytes; `undefined` if no known kind does. */
export function fileKindOf(head: Uint8Array): FileKind | undefined {
  if (head.length === 0) return { what: 'empty' }
  const compression = detectCompression(head)
  if (compression !== 'none') return compressed(compression)
  const text = Buffer.from(head.subarray(0, KIND_HEAD_SIZE)).toString('latin1')
  const known = MAGICS.find(([magic]) => text.startsWith(magic))
  if (known) return known[1]
  if (text.startsWith('ustar', 257)) return { what: 'a tar archive', unpack: 'tar -xf' }
  const what = TEXTS.find(([begin]) => begin.test(text.replace(/^(\xef\xbb\xbf)?\s+/, '')))?.[1]
  return what === undefined ? undefined : { what }
}

function compressed(compression: DetectedCompression): FileKind {
  if (compression === 'zip') return { what: 'a zip archive', unpack: 'unzip' }
  const commands: Partial<Record<DetectedCompression, string>> = { lzma: 'xz -d --format=lzma', compress: 'uncompress' }
  const unpack = commands[compression] ?? `${compression} -d`
  return { what: `${/^[xl]/.test(compression) ? 'an' : 'a'} ${compression} file`, compression, unpack }
}
