import type { ByteInput } from './byte-input.ts'
import { UnpackError } from './errors.ts'

/** How much may come out of compressed bytes. A file of a few kilobytes can stand for terabytes. */
export interface UnpackLimits {
  /** Bytes that may come out in any case, and for each byte read. */
  readonly bytes: number
  readonly bytesPerByte: number
  /** Frames or members of a file: so many in any case, and one for so many bytes read. */
  readonly parts: number
  readonly bytesPerPart: number
}

/** Limits that files of honest makers keep. */
export const UNPACK_LIMITS: UnpackLimits = {
  bytes: 256 * 1024 * 1024,
  bytesPerByte: 1000,
  parts: 10_000,
  bytesPerPart: 1024,
}

/** Bytes of the dictionary of an .xz that are kept where memory is to stay small: as many as `xz -9` makes use of. */
export const DICTIONARY_KEPT = 64 * 1024 * 1024

/** Passes on what comes out of `input`. Throws `UnpackError` UNPACK_TOO_LARGE where that is too much for what went in. */
export async function* limitExpansion(
  unpacked: AsyncIterable<Uint8Array>,
  input: Pick<ByteInput, 'size'>,
  { bytes, bytesPerByte }: UnpackLimits,
): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const piece of unpacked) {
    size += piece.length
    if (size > bytes + bytesPerByte * input.size) {
      const sizes = `(${input.size} bytes to over ${size})`
      const message = `unpacks to more than ${bytesPerByte} times its size ${sizes}, and is not read further`
      throw new UnpackError('UNPACK_TOO_LARGE', message)
    }
    yield piece
  }
}

/** Counts the parts of compressed data. What it gives throws `UnpackError` UNPACK_TOO_MANY_PARTS where they are too many. */
export function createPartLimit(name: string, input: Pick<ByteInput, 'size'>, limits?: UnpackLimits): () => void {
  if (limits === undefined) return () => {}
  const { parts, bytesPerPart } = limits
  let count = 0
  return () => {
    if (++count <= parts + input.size / bytesPerPart) return
    const message = `has over ${count - 1} ${name} of less than ${bytesPerPart} bytes each, and is not read further`
    throw new UnpackError('UNPACK_TOO_MANY_PARTS', message)
  }
}
