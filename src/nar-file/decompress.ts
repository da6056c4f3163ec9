/** The compressions of binary caches, each as a stream that goes no further than it is read. */
import { pipeline, Readable, type Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createZstdDecompress } from 'node:zlib'
import type { NarCompression } from '../nix/index.ts'
import { splitZstdFrames } from '../zstd/index.ts'
import { unpackXz } from './xz.ts'

type Bytes = AsyncIterable<Uint8Array>

/** Unpacks a file whose NAR should have `narSize` bytes; whoever reads on past that stops reading. */
type Decompressor = (bytes: Bytes, narSize: number | undefined) => Bytes

/** What can be unpacked; the other names stand for formats that no cache of the last decade writes. */
const DECOMPRESSORS: Partial<Record<NarCompression, Decompressor>> = {
  none: bytes => bytes,
  xz: unpackXz,
  zstd: bytes => through(splitZstdFrames(bytes), createZstdDecompress()),
  gzip: bytes => through(bytes, createGunzip()),
  br: bytes => through(bytes, createBrotliDecompress()),
  bzip2: unpackBzip2,
}

/** How to unpack a compression; `undefined` if nothing here does. */
export function decompressorOf(compression: NarCompression): Decompressor | undefined {
  return DECOMPRESSORS[compression]
}

/** The names of what can be unpacked. */
export const SUPPORTED_COMPRESSIONS = Object.keys(DECOMPRESSORS)

function through(bytes: Bytes, transform: Transform): Bytes {
  // The pipeline hands every fault on to whoever reads the transform, and ends the source when that reader stops.
  pipeline(Readable.from(bytes, { objectMode: false }), transform, () => {})
  return transform
}

async function* unpackBzip2(bytes: Bytes, narSize = Number.POSITIVE_INFINITY): Bytes {
  // Loaded where it is used: hardly any cache has such files.
  const { default: createBunzip2 } = await import('unbzip2-stream')
  const stream = createBunzip2()
  const pieces: Uint8Array[] = []
  let failure: { readonly error: unknown } | undefined
  let size = 0
  stream.on('error', error => {
    failure ??= { error }
  })
  stream.on('data', (piece: Uint8Array) => {
    size += piece.length
    // It unpacks all that it was given before it returns; what is thrown here stops it.
    if (size > narSize) throw new Error(`holds more than the ${narSize} bytes it should`)
    pieces.push(piece)
  })
  for await (const chunk of bytes) {
    stream.write(Buffer.from(chunk))
    if (failure) throw failure.error
    yield* pieces.splice(0)
  }
  stream.end()
  if (failure) throw failure.error
  yield* pieces.splice(0)
}
