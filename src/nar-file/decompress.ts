import { COMPRESSIONS, type Compression, createByteInput, type UnpackEvent, unpack } from '../unpack/index.ts'
import { type FileKind, fileKindOf, KIND_HEAD_SIZE, NAR } from './file-kind.ts'

type Bytes = AsyncIterable<Uint8Array>

/** A compression that nothing here unpacks. */
export class UnsupportedCompressionError extends Error {}

/** Something else than a NAR, by its first bytes. */
export class NoNarError extends Error {}

/** Compressions with marks so short that a brotli file, which has no mark, may begin with them. */
const SHORT_MARKS = ['gzip', 'bzip2', 'compress', 'lzma']

/**
 * Unpacks a file that is said to be compressed in one way, and whose NAR should have `narSize` bytes; whoever reads on past
 * that stops reading. The file is taken as what its first bytes say: proxies unpack files and pack them anew, and the hash
 * of the NAR proves what comes out. Throws `UnsupportedCompressionError`, `NoNarError`, and a plain `Error` for what is damaged.
 */
export async function* decompress(bytes: Bytes, stated: string, narSize: number | undefined): Bytes {
  const input = createByteInput(bytes)
  const kind = fileKindOf(await input.peek(KIND_HEAD_SIZE))
  const found = kind?.compression
  if (kind && found === undefined && stated !== 'br') throw noNar('is', kind)
  const isOther = found !== undefined && found !== stated && !(stated === 'br' && SHORT_MARKS.includes(found))
  const compression = supported(isOther ? found : stated)
  let isBegun = false
  try {
    for await (const chunk of unpack(input, {
      compression,
      size: narSize,
      verifyData: false,
      onEvent: refuseTrailing,
    })) {
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

function supported(compression: string): Compression {
  const found = COMPRESSIONS.find(name => name === compression)
  if (found !== undefined) return found
  throw new UnsupportedCompressionError(
    `its compression, ${shortName(compression)}, is not supported (supported: ${COMPRESSIONS.join(', ')}); give another ` +
      "cache that has the path, or copy it again (nix copy --to 'URL?compression=zstd')",
  )
}

function refuseTrailing(event: UnpackEvent): void {
  if (event.kind !== 'trailing' || event.isPadding) return
  throw new Error(`${event.size} bytes behind its end are no part of it`)
}

function noNar(verb: string, { what, advice }: FileKind): NoNarError {
  return new NoNarError(`${verb} ${what}, not a NAR${advice === undefined ? '' : `; ${advice}`}`)
}

/** Foreign text, for a message. */
function shortName(name: string): string {
  return /^[a-z0-9]{1,20}$/.test(name) ? name : JSON.stringify(name.slice(0, 100))
}
