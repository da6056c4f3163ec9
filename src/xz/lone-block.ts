import type { Check } from './check.ts'
import { XzError } from './errors.ts'
import { createXzDecoder, type XzDecoderOptions } from './file-decoder.ts'
import { createStreamWriter } from './stream.ts'
import type { IndexRecord } from './stream-index.ts'

/**
 * Decodes one block out of a file, whose record and check are known from the index and the header of its stream: as the
 * only block of a file of its own. The index of that file proves that the bytes are one block of these sizes.
 */
export interface LoneBlockDecoder {
  /** Takes the next bytes of the block, cut anywhere, and gives their data, as `push` of `XzDecoder` does. Throws `XzError`. */
  push(bytes: Uint8Array): Generator<Uint8Array, void, void>
  /** Call it behind the last byte. Throws `XzError` for a block that is not whole, or not what its record says. */
  end(): void
  /** Gives its memory back. Call it in any case. */
  close(): void
}

/** A decoder for a block with this record, in a stream with this check. */
export function createLoneBlockDecoder(
  record: IndexRecord,
  check: Check,
  options?: XzDecoderOptions,
): LoneBlockDecoder {
  const stream = createStreamWriter(check)
  const decoder = createXzDecoder(options)
  // Neither the header nor the index holds data.
  for (const _ of decoder.push(stream.header()));
  stream.add({ check, record })
  return {
    push: bytes => decoder.push(bytes),
    end() {
      for (const _ of decoder.push(stream.end()));
      decoder.end()
      // The bytes may have been a block with an index and a footer: then those come behind a whole file.
      if (decoder.behind > 0) throw new XzError('XZ_MISMATCH', 'what should be a block is a whole stream')
    },
    close: () => decoder.close(),
  }
}

/** What a whole block is decoded with. */
export interface LoneBlockOptions extends XzDecoderOptions {
  /** Where the data goes: as many bytes as the record says. Default: new memory. */
  readonly data?: Uint8Array
  /** Called with the data so far, each time there is more. If it returns true, the rest is neither decoded nor verified. */
  readonly isEnough?: ((data: Uint8Array) => boolean) | undefined
}

/** Decodes a block, of which it returns the data: all of it, unless less is enough. Throws `XzError`. */
export function decodeLoneBlock(
  bytes: Uint8Array,
  record: IndexRecord,
  check: Check,
  options: LoneBlockOptions = {},
): Uint8Array {
  const { uncompressedSize } = record
  const { data = new Uint8Array(uncompressedSize), isEnough, ...decoding } = options
  const decoder = createLoneBlockDecoder(record, check, { ...decoding, lendsData: true })
  let size = 0
  try {
    for (const piece of decoder.push(bytes)) {
      // Bytes that are more than one block are only found out at their end.
      if (size + piece.length > uncompressedSize) {
        throw new XzError('XZ_MISMATCH', `the block has more than the ${uncompressedSize} bytes that it should`)
      }
      data.set(piece, size)
      size += piece.length
      if (isEnough?.(data.subarray(0, size))) return data.subarray(0, size)
    }
    decoder.end()
  } finally {
    decoder.close()
  }
  return data
}
