import type { NarCompression } from '../nix/index.ts'

/** What a NAR begins with (nix: src/libutil/archive.cc): its length and its text, filled up to eight bytes. */
const NAR_MAGIC = Buffer.from('\x0d\0\0\0\0\0\0\0nix-archive-1\0\0\0', 'latin1')

/** What files of a compression begin with; brotli's begin like anything. */
const MAGICS: Partial<Record<NarCompression, Buffer>> = {
  none: NAR_MAGIC,
  xz: Buffer.from('\xfd7zXZ\0', 'latin1'),
  zstd: Buffer.from('\x28\xb5\x2f\xfd', 'latin1'),
  gzip: Buffer.from('\x1f\x8b', 'latin1'),
  bzip2: Buffer.from('BZh'),
  lz4: Buffer.from('\x04\x22\x4d\x18', 'latin1'),
  lzip: Buffer.from('LZIP'),
}

/** Tells a NAR file that is compressed in this way, and a NAR that is not compressed any more, by their first bytes. */
export function recogniseNarFile(compression: NarCompression): (head: Uint8Array) => 'file' | 'contents' | undefined {
  const magic = MAGICS[compression]
  const begins = (head: Uint8Array, magic: Buffer) => magic.equals(head.subarray(0, magic.length))
  return head => {
    if (magic && begins(head, magic)) return 'file'
    return begins(head, NAR_MAGIC) ? 'contents' : undefined
  }
}
