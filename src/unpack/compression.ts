/** What can be unpacked, by the names that narinfo files have. */
export const COMPRESSIONS = ['none', 'xz', 'zstd', 'gzip', 'br', 'bzip2', 'lz4', 'lzma', 'lzip'] as const
export type Compression = (typeof COMPRESSIONS)[number]

/** What a file is compressed with by its first bytes: brotli has no mark, and of the last two nothing but the name is known. */
export type DetectedCompression =
  | 'none'
  | 'xz'
  | 'gzip'
  | 'bzip2'
  | 'zstd'
  | 'lz4'
  | 'lzip'
  | 'lzma'
  | 'compress'
  | 'zip'

/**
 * First bytes of compressed files: systemd `src/import/import-compress.c` and `src/basic/compress.c` look for the first
 * five, file(1) knows the others.
 */
const MARKS: readonly (readonly [mark: string, compression: DetectedCompression])[] = [
  ['\xfd7zXZ\0', 'xz'],
  ['\x1f\x8b', 'gzip'],
  ['BZh', 'bzip2'],
  ['\x28\xb5\x2f\xfd', 'zstd'],
  ['\x04\x22\x4d\x18', 'lz4'],
  ['LZIP', 'lzip'],
  ['\x1f\x9d', 'compress'],
  ['PK\x03\x04', 'zip'],
]

/** LZMA has no mark: the properties that every encoder writes by default, and a dictionary below 2 GiB whose low bytes are 0. */
const LZMA_HEAD = /^\x5d\0\0[\s\S][\0-\x7f]/

/** Bytes that {@link detectCompression} wants to see. */
export const MARK_SIZE = 6

/** Tells a compression by the first bytes of a file. */
export function detectCompression(head: Uint8Array): DetectedCompression {
  const text = Buffer.from(head.subarray(0, MARK_SIZE)).toString('latin1')
  const marked = MARKS.find(([mark]) => text.startsWith(mark))?.[1]
  return marked ?? (LZMA_HEAD.test(text) ? 'lzma' : 'none')
}
