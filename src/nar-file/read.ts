import { createHash } from 'node:crypto'
import { narHashFromBytes } from '../nix/index.ts'
import { decompress, NoNarError, UnsupportedCompressionError } from './decompress.ts'
import { NarFileError } from './errors.ts'
import { fileLimit, type NarFile, type NarSubject } from './nar-file.ts'

/**
 * The NAR in a file whose compressed bytes are `bytes`, in chunks. Checks the length of the NAR, not its hash, which the
 * reader of these chunks has to compare. Nothing is unpacked beyond the length that the NAR should have. Hash and length
 * of the file only explain a failure; `onWrongLabel` is called if they are wrong although the NAR can be right.
 * Throws `NarFileError`, and what `bytes` throws.
 */
export async function* readNarFile(
  file: NarFile,
  subject: NarSubject,
  bytes: AsyncIterable<Uint8Array>,
  onWrongLabel: () => void = () => {},
): AsyncGenerator<Uint8Array> {
  const fault = (
    code: 'NAR_FILE_MISMATCH' | 'NAR_FILE_CORRUPT' | 'COMPRESSION_UNSUPPORTED',
    why: string,
    cause?: unknown,
  ) => new NarFileError(code, subject.path.path, file.url, why, { cause })
  const limit = fileLimit(subject)
  const input = createMeter(bytes, limit, () =>
    fault('NAR_FILE_MISMATCH', `has more than ${limit} bytes, what a NAR of ${subject.narSize} bytes may take at most`),
  )
  const { narSize = Number.POSITIVE_INFINITY } = subject
  let unpacked = 0
  try {
    for await (const chunk of decompress(input.bytes(), file.compression, subject.narSize)) {
      unpacked += chunk.length
      if (unpacked > narSize) throw fault('NAR_FILE_CORRUPT', `holds more than the ${narSize} bytes it should`)
      yield chunk
    }
    // Bytes behind the end of the compressed data belong to the file, too.
    await input.drain()
  } catch (error) {
    if (input.failure() !== undefined) throw input.failure()
    if (error instanceof NarFileError) throw error
    const { message } = error as Error
    if (error instanceof UnsupportedCompressionError) throw fault('COMPRESSION_UNSUPPORTED', message, error)
    if (error instanceof NoNarError) throw fault('NAR_FILE_CORRUPT', message, error)
    throw mislabelled() ?? fault('NAR_FILE_CORRUPT', message, error)
  } finally {
    await input.close()
  }
  const wrong = mislabelled()
  if (subject.narSize !== undefined && unpacked < subject.narSize) {
    throw wrong ?? fault('NAR_FILE_CORRUPT', `holds ${unpacked} bytes where there should be ${subject.narSize}`)
  }
  if (wrong) onWrongLabel()

  /** How the file differs from what was stated, if it was read to its end: this explains any later failure. */
  function mislabelled(): NarFileError | undefined {
    const { length, hash, complete } = input.result()
    if (!complete) return undefined
    if (file.fileSize !== undefined && length !== file.fileSize) {
      return fault('NAR_FILE_MISMATCH', `has ${length} bytes, not ${file.fileSize} as its narinfo says`)
    }
    if (file.fileHash !== undefined && hash !== file.fileHash) {
      return fault('NAR_FILE_MISMATCH', `has the hash ${hash}, not ${file.fileHash} as its narinfo says`)
    }
    return undefined
  }
}

/** Passes bytes on and measures them; fails with what `tooLong` says once there are more than `limit`. */
function createMeter(source: AsyncIterable<Uint8Array>, limit: number, tooLong: () => NarFileError) {
  const hash = createHash('sha256')
  let length = 0
  let complete = false
  let failure: unknown
  const iterator = source[Symbol.asyncIterator]()
  const next = async (): Promise<Uint8Array | undefined> => {
    try {
      const step = await iterator.next()
      if (step.done) {
        complete = true
        return undefined
      }
      length += step.value.length
      if (length > limit) throw tooLong()
      hash.update(step.value)
      return step.value
    } catch (error) {
      failure = error
      throw error
    }
  }
  return {
    /** The bytes; who stops reading them leaves the rest to `drain`. */
    async *bytes(): AsyncGenerator<Uint8Array> {
      for (let chunk = await next(); chunk; chunk = await next()) yield chunk
    },
    async drain(): Promise<void> {
      while (await next()) {}
    },
    async close(): Promise<void> {
      await iterator.return?.()
    },
    /** The error of the source, or that it is too long. */
    failure: () => failure,
    result: () => ({ length, complete, hash: narHashFromBytes(hash.digest()) }),
  }
}
