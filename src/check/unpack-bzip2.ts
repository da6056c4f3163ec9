import { Bzip2Error, decodeBzip2 } from '../bzip2/index.ts'
import type { ByteInput } from './byte-input.ts'
import { CheckError } from './errors.ts'
import type { Report } from './findings.ts'
import { reportSecond, reportTrailingBytes, truncated } from './stream-ends.ts'

/** Decompresses a bzip2 file, all streams of it. Throws `CheckError`. */
export async function* unpackBzip2(input: ByteInput, report: Report): AsyncGenerator<Uint8Array> {
  try {
    yield* decodeBzip2(piecesOf(input), stream => {
      if (stream === 2) reportSecond('bzip2', report)
    })
  } catch (error) {
    if (!(error instanceof Bzip2Error)) throw error
    if (error.code === 'BZIP2_TRUNCATED') throw truncated('bzip2', input)
    if (error.code === 'BZIP2_CORRUPT') {
      throw new CheckError('IMAGE_CORRUPT', `cannot be decompressed as bzip2: ${error.message}`, { cause: error })
    }
    while ((await input.take()) !== undefined);
    reportTrailingBytes('bzip2', report)
  }
}

async function* piecesOf(input: ByteInput): AsyncGenerator<Uint8Array> {
  for (let piece = await input.take(); piece !== undefined; piece = await input.take()) yield piece
}
