import { createHash } from 'node:crypto'
import { createXzDecoder, FILTER_ARM64, XzError } from '../xz/index.ts'
import type { ByteInput } from './byte-input.ts'
import { CheckError } from './errors.ts'
import type { Report } from './findings.ts'
import { reportTrailingBytes, truncated } from './stream-ends.ts'

/** Filters that not every liblzma of systemd 252's time knows, by ID: the first that does, and what asks for them. */
const NEW_FILTERS: Readonly<Record<number, { name: string; since: string; option: string }>> = {
  [FILTER_ARM64]: { name: 'ARM64', since: '5.4 (2022)', option: '--arm64-branches (xz: --arm64)' },
  11: { name: 'RISC-V', since: '5.6 (2024)', option: '--riscv of xz' },
}

/** Bytes of a dictionary that are kept, of the 300 MB that a check takes. `xz -9` makes use of 64 MiB. */
const DICTIONARY_MAX = 96 * 1024 * 1024

/** Bytes that liblzma waits for before it says that they begin no stream. */
const STREAM_HEADER = 12

/**
 * Decompresses an .xz file of any streams, blocks, filters and checks, in memory that does not grow with it. Throws
 * `CheckError`.
 */
export async function* unpackXz(input: ByteInput, report: Report): AsyncGenerator<Uint8Array> {
  const decoder = createXzDecoder({ dictionaryMax: DICTIONARY_MAX, createSha256: () => createHash('sha256') })
  try {
    for (let piece = await input.take(); piece !== undefined; piece = await input.take()) yield* decoder.push(piece)
  } catch (error) {
    if (!(error instanceof XzError)) throw error
    throw new CheckError('IMAGE_CORRUPT', `cannot be decompressed as xz: ${error.message}`, { cause: error })
  } finally {
    decoder.close()
  }
  if (!decoder.isAtEnd) throw truncated('xz', input)
  if (decoder.behind > 0) reportTrailingBytes('xz', report, decoder.behind < STREAM_HEADER ? { since: 261 } : {})
  for (const id of decoder.filters) {
    const filter = NEW_FILTERS[id]
    if (filter === undefined) continue
    const { name, since, option } = filter
    const advice = `for hosts with an older one, compress the image without ${option}`
    report('xz-filter', `has blocks that need the ${name} filter, and so liblzma ${since}: ${advice}`)
  }
}
