import { createHash } from 'node:crypto'
import { narHashFromBytes } from '../nix/index.ts'
import { decompressorOf, SUPPORTED_COMPRESSIONS } from './decompress.ts'
import { NarFileError } from './errors.ts'
import { fileLimit, type NarFile, type NarSubject } from './nar-file.ts'

/**
 * The NAR in a file whose compressed bytes are `bytes`, in chunks. Checks whatever is known of both: hash and length of the
 * file, length of the NAR; not the hash of the NAR, which the reader of these chunks has to compare. Nothing is unpacked
 * beyond the length that the NAR should have. Throws `NarFileError`, and what `bytes` throws.
 */
export async function* readNarFile(
  file: NarFile,
  subject: NarSubject,
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const fault = (
    code: 'NAR_FILE_MISMATCH' | 'NAR_FILE_CORRUPT' | 'COMPRESSION_UNSUPPORTED',
    why: string,
    cause?: unknown,
  ) => new NarFileError(code, subject.path.path, file.url, why, { cause })
  const decompress = decompressorOf(file.compression)
  if (!decompress) {
    const known = SUPPORTED_COMPRESSIONS.join(', ')
    throw fault(
      'COMPRESSION_UNSUPPORTED',
      `compressed with ${file.compression}, which cannot be read (can be: ${known})`,
    )
  }
  const limit = fileLimit(file, subject)
  const input = createMeter(bytes, limit, () => {
    const why =
      limit === file.fileSize ? 'as its narinfo says' : `what a NAR of ${subject.narSize} bytes may take at most`
    return fault('NAR_FILE_MISMATCH', `has more than ${limit} bytes, ${why}`)
  })
  const { narSize = Number.POSITIVE_INFINITY } = subject
  let unpacked = 0
  try {
    for await (const chunk of decompress(input.bytes(), subject.narSize)) {
      unpacked += chunk.length
      if (unpacked > narSize) throw fault('NAR_FILE_CORRUPT', `holds more than the ${narSize} bytes it should`)
      yield chunk
    }
    // What a decoder leaves behind the end of its data belongs to the file, too.
    await input.drain()
  } catch (error) {
    if (input.failure() !== undefined) throw input.failure()
    if (error instanceof NarFileError) throw error
    checkFile()
    throw fault('NAR_FILE_CORRUPT', `cannot be unpacked as ${file.compression}: ${(error as Error).message}`, error)
  } finally {
    await input.close()
  }
  checkFile()
  if (subject.narSize !== undefined && unpacked < subject.narSize) {
    throw fault('NAR_FILE_CORRUPT', `holds ${unpacked} bytes where there should be ${subject.narSize}`)
  }

  /** A file that is not what was stated is to blame before all that came of it. */
  function checkFile(): void {
    const { length, hash, complete } = input.result()
    if (!complete) return
    // One that is longer did not come to its end.
    if (file.fileSize !== undefined && length < file.fileSize) {
      throw fault('NAR_FILE_MISMATCH', `has ${length} bytes, not ${file.fileSize} as its narinfo says`)
    }
    if (file.fileHash !== undefined && hash !== file.fileHash) {
      throw fault('NAR_FILE_MISMATCH', `has the hash ${hash}, not ${file.fileHash} as its narinfo says`)
    }
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
    /** What the source threw, or that it is too long. */
    failure: () => failure,
    result: () => ({ length, complete, hash: narHashFromBytes(hash.digest()) }),
  }
}
