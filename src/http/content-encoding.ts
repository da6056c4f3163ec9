import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib'

type Decoder = (bytes: Uint8Array, options: { maxOutputLength: number }) => Promise<Buffer>

const DECODERS: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ['gzip', promisify(gunzip)],
  ['x-gzip', promisify(gunzip)],
  ['deflate', promisify(inflate)],
  ['br', promisify(brotliDecompress)],
  ['zstd', promisify(zstdDecompress)],
])

/**
 * Undoes a Content-Encoding (RFC 9110, section 8.4.1); `undefined` if it is not known. Rejects with zlib's error: code
 * ERR_BUFFER_TOO_LARGE if more than `limit` bytes come out.
 */
export async function decodeContent(encoding: string, bytes: Uint8Array, limit: number): Promise<Buffer | undefined> {
  return DECODERS.get(encoding)?.(bytes, { maxOutputLength: limit })
}
