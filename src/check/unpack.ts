/** What importers mind in compressed data, and what it is that cannot be unpacked. */
import {
  type ByteInput,
  type Compression,
  DICTIONARY_KEPT,
  UNPACK_LIMITS,
  UnpackError,
  type UnpackErrorCode,
  type UnpackEvent,
  unpack,
} from '../unpack/index.ts'
import { FILTER_ARM64, STREAM_HEADER_SIZE } from '../xz/index.ts'
import { CheckError } from './errors.ts'
import type { Report } from './findings.ts'

/** Filters that not every liblzma of systemd 252's time knows, by ID: the first that does, and what asks for them. */
const NEW_FILTERS: Readonly<Record<number, { name: string; since: string; option: string }>> = {
  [FILTER_ARM64]: { name: 'ARM64', since: '5.4 (2022)', option: '--arm64-branches (xz: --arm64)' },
  11: { name: 'RISC-V', since: '5.6 (2024)', option: '--riscv of xz' },
}

/**
 * Unpacks an image file, with findings for what importers mind. Throws `CheckError` where it ends too early, is damaged, or
 * holds too much for its size, and what `input` throws.
 */
export async function* unpackImage(
  input: ByteInput,
  compression: Compression,
  report: Report,
): AsyncGenerator<Uint8Array> {
  try {
    yield* unpack(input, {
      compression,
      limits: UNPACK_LIMITS,
      dictionaryMax: DICTIONARY_KEPT,
      onEvent: event => reportEvent(event, compression, report),
    })
  } catch (error) {
    throw error instanceof UnpackError ? checkErrorOf(error, compression, input) : error
  }
}

function reportEvent(event: UnpackEvent, name: Compression, report: Report): void {
  if (event.kind === 'part') {
    if (event.number > 2) return
    report('one-stream', `goes on behind the end of its first ${name} stream: compress it as one, with ${name} itself`)
  } else if (event.kind === 'trailing') {
    // liblzma waits for as many before it says that they begin no stream.
    const isWaitedFor = name === 'xz' && event.size < STREAM_HEADER_SIZE
    const message = `has bytes behind its ${name} data that are no ${name} data: cut them off, or compress it again`
    report('trailing-bytes', message, isWaitedFor ? { since: 261 } : {})
  } else {
    for (const id of event.ids) reportFilter(id, report)
  }
}

function reportFilter(id: number, report: Report): void {
  const filter = NEW_FILTERS[id]
  if (filter === undefined) return
  const { name, since, option } = filter
  const advice = `for hosts with an older one, compress the image without ${option}`
  report('xz-filter', `has blocks that need the ${name} filter, and so liblzma ${since}: ${advice}`)
}

function checkErrorOf(cause: UnpackError, name: Compression, { size }: ByteInput): CheckError {
  const { message } = cause
  const reasons: Readonly<Record<UnpackErrorCode, ConstructorParameters<typeof CheckError>>> = {
    UNPACK_TRUNCATED: [
      'IMAGE_TRUNCATED',
      `ends in the middle of its ${name} data, behind ${size} bytes: get the rest of it`,
    ],
    UNPACK_CORRUPT: ['IMAGE_CORRUPT', `cannot be decompressed as ${name}: ${message}`],
    UNPACK_TOO_LARGE: ['IMAGE_UNBOUNDED', `${message}: if it should, decompress it first, and check the tar archive`],
    UNPACK_TOO_MANY_PARTS: ['IMAGE_UNBOUNDED', `${message}: compress it as one stream`],
  }
  const [code, reason] = reasons[cause.code]
  return new CheckError(code, reason, { cause })
}
