import { createHash } from 'node:crypto'
import { createXzDecoder, XzError } from '../xz/index.ts'
import type { ByteInput } from './byte-input.ts'
import { corrupt, truncated } from './errors.ts'
import type { UnpackOptions } from './options.ts'

/** Unpacks an .xz file of any streams, blocks, filters and checks, in memory that does not grow with it. */
export async function* unpackXz(
  input: ByteInput,
  { dictionaryMax, verifyData, onEvent = () => {} }: UnpackOptions,
): AsyncGenerator<Uint8Array> {
  const decoder = createXzDecoder({
    ...(dictionaryMax !== undefined && { dictionaryMax }),
    ...(verifyData !== undefined && { verifyData }),
    lendsData: true,
    createSha256: () => createHash('sha256'),
  })
  try {
    for await (const piece of input.rest()) yield* decoder.push(piece)
  } catch (error) {
    throw error instanceof XzError ? corrupt(error.message, error) : error
  } finally {
    decoder.close()
  }
  if (!decoder.isAtEnd) throw truncated(`the .xz file ends within a stream, after ${input.size} bytes`)
  if (decoder.behind > 0) onEvent({ kind: 'trailing', size: decoder.behind })
  if (decoder.filters.size > 0) onEvent({ kind: 'xz-filters', ids: decoder.filters })
}
