/** What an image file is compressed with. */
export type Compression = 'none' | 'xz' | 'gzip' | 'bzip2' | 'zstd' | 'lz4' | 'lzip' | 'lzma' | 'zip'

/**
 * First bytes of compressed files: systemd `src/import/import-compress.c` and `src/basic/compress.c` look for the first
 * five, file(1) knows the others. Brotli has none.
 */
const MAGICS: readonly (readonly [Compression, readonly number[]])[] = [
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['gzip', [0x1f, 0x8b]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['lz4', [0x04, 0x22, 0x4d, 0x18]],
  ['lzip', [0x4c, 0x5a, 0x49, 0x50]],
  ['lzma', [0x5d, 0x00, 0x00]],
  ['zip', [0x50, 0x4b, 0x03, 0x04]],
]

/** Bytes that {@link detectCompression} wants to see. */
export const MAGIC_SIZE = 6

/** Tells a compression by the first bytes of a file; its name says nothing to systemd either. */
export function detectCompression(head: Uint8Array): Compression {
  const found = MAGICS.find(([, magic]) => magic.every((byte, i) => head[i] === byte))
  return found?.[0] ?? 'none'
}
