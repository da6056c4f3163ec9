/** The compressions of binary caches, each as a stream that goes no further than it is read. */
import { createBrotliDecompress, createGunzip, createZstdDecompress } from 'node:zlib'
import { decodeBzip2 } from '../bzip2/index.ts'
import { through } from '../through.ts'
import { splitZstdFrames } from '../zstd/index.ts'
import { createByteSource } from './byte-source.ts'
import { type FileKind, fileKindOf, KIND_HEAD_SIZE, NAR } from './file-kind.ts'
import { unpackLz4 } from './lz4.ts'
import { unpackLzip } from './lzip.ts'
import { unpackLzma } from './lzma.ts'
import { unpackXz } from './xz.ts'

type Bytes = AsyncIterable<Uint8Array>

/** Unpacks a file whose NAR should have `narSize` bytes; whoever reads on past that stops reading. */
type Decompressor = (bytes: Bytes, narSize: number | undefined) => Bytes

/**
 * What can be unpacked. No maintained package unpacks what else Nix's libarchive can write: compress, grzip, lrzip and
 * lzop; the last three only where a program of that name is installed.
 */
const DECOMPRESSORS: ReadonlyMap<string, Decompressor> = new Map<string, Decompressor>([
  ['none', bytes => bytes],
  ['xz', unpackXz],
  ['zstd', bytes => through(splitZstdFrames(bytes), createZstdDecompress())],
  ['gzip', bytes => through(bytes, createGunzip())],
  ['br', bytes => through(bytes, createBrotliDecompress())],
  ['bzip2', bytes => decodeBzip2(bytes)],
  ['lz4', unpackLz4],
  ['lzma', unpackLzma],
  ['lzip', unpackLzip],
])

/** A compression that nothing here unpacks. */
export class UnsupportedCompressionError extends Error {}

/** Something else than a NAR, by its first bytes. */
export class NoNarError extends Error {}

/** Told by marks so short that a brotli file, which has none, may begin with them. */
const SHORT_MARKS = ['gzip', 'bzip2', 'compress', 'lzma']

/**
 * Unpacks a file that is said to be compressed in one way. It is taken as what its first bytes say: proxies unpack files
 * and pack them anew, and the hash of the NAR proves what comes out. Throws `UnsupportedCompressionError`,
 * `NoNarError`, and a plain `Error` for what is damaged.
 */
export async function* decompress(bytes: Bytes, stated: string, narSize: number | undefined): Bytes {
  const source = createByteSource(bytes)
  const kind = fileKindOf(await source.peek(KIND_HEAD_SIZE))
  const found = kind?.compression
  if (kind && found === undefined && stated !== 'br') throw noNar('is', kind)
  const isOther = found !== undefined && found !== stated && !(stated === 'br' && SHORT_MARKS.includes(found))
  const compression = isOther ? found : stated
  const unpack = DECOMPRESSORS.get(compression)
  if (!unpack) {
    const known = [...DECOMPRESSORS.keys()].join(', ')
    throw new UnsupportedCompressionError(
      `its compression, ${shortName(compression)}, is not supported (supported: ${known}); give another cache that has ` +
        "the path, or copy it anew (nix copy --to 'URL?compression=zstd')",
    )
  }
  let isBegun = false
  try {
    for await (const chunk of unpack(source.rest(), narSize)) {
      if (chunk.length === 0) continue
      const inside = isBegun ? undefined : fileKindOf(chunk)
      if (inside && inside !== NAR) throw noNar('holds', inside)
      isBegun = true
      yield chunk
    }
  } catch (error) {
    if (error instanceof NoNarError) throw error
    const otherwise = isOther ? ` (it is ${kind!.what}, though stated to be ${shortName(stated)})` : ''
    throw new Error(`cannot be unpacked as ${compression}${otherwise}: ${(error as Error).message}`, { cause: error })
  }
}

function noNar(verb: string, { what, advice }: FileKind): NoNarError {
  return new NoNarError(`${verb} ${what}, not a NAR${advice === undefined ? '' : `; ${advice}`}`)
}

/** Foreign text, for a message. */
function shortName(name: string): string {
  return /^[a-z0-9]{1,20}$/.test(name) ? name : JSON.stringify(name.slice(0, 100))
}
