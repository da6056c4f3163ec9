import { inflateRawSync, type ZlibOptions, type ZstdOptions, zstdDecompressSync } from 'node:zlib'

const DECODERS = { inflateRawSync, zstdDecompressSync }

/** The result of Node with `info`, which its types leave out. */
interface Decoded {
  readonly buffer: Uint8Array
  readonly engine: { readonly bytesWritten: number }
}

/** Decodes bytes that are exactly one stream of `size` bytes. Node's functions ignore bytes behind the stream. */
export function inflateWhole(decoder: keyof typeof DECODERS, bytes: Uint8Array, size: number): Uint8Array {
  // Node takes no bound of 0.
  const options: ZlibOptions & ZstdOptions = { info: true, maxOutputLength: Math.max(1, size) }
  const { buffer, engine } = DECODERS[decoder](bytes, options) as unknown as Decoded
  if (buffer.length !== size) throw new Error(`the block has ${buffer.length} bytes, not ${size}`)
  if (engine.bytesWritten !== bytes.length) throw new Error('the block ends before its bytes do')
  return buffer
}
