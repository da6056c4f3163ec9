import { decodeBlockHeader } from './block-header.ts'
import { type Check, checkSize, createRunningCheck, type Sha256, verifyCheck } from './check.ts'
import { XzError } from './errors.ts'
import { createFilterChain } from './filters/filter-chain.ts'
import { dictionarySizeOf } from './filters/filter-flags.ts'
import type { Lzma2Decoder } from './lzma2/decoder.ts'
import { chunkHeaderRest, createChunkHeaderReader, type Lzma2Chunk } from './lzma2-chunks.ts'
import type { IndexRecord } from './stream-index.ts'
import type { Walk } from './walk.ts'

/** What decoding a block takes. */
export interface BlockDecoding {
  /** The kind of check of the stream. */
  readonly check: Check
  readonly lzma2: Lzma2Decoder
  /** The most bytes that matches may go back, whatever the block says. */
  readonly dictionaryMax: number
  readonly createSha256?: (() => Sha256) | undefined
  /** Whether the data is compared with the check. */
  readonly verifyData: boolean
  /** Whether data is given out in memory that is used again, and not in copies. */
  readonly lendsData: boolean
  /** Called with the ID of each filter of the block. */
  readonly onFilter: (id: number) => void
}

/**
 * Decodes the block at byte `position` of the file, whose first byte is `sizeByte`. Verifies its sizes and its check. Throws
 * {@link XzError}.
 */
export function* walkBlock(position: number, sizeByte: number, decoding: BlockDecoding): Walk<IndexRecord> {
  const { check, dictionaryMax, lendsData } = decoding
  const headerBytes = new Uint8Array((sizeByte + 1) * 4)
  headerBytes[0] = sizeByte
  headerBytes.set(yield headerBytes.length - 1, 1)
  const header = decodeBlockHeader(headerBytes, 0, position)
  for (const { id } of header.filters) decoding.onFilter(id)
  const dictionarySize = dictionarySizeOf(header.filters.at(-1)!)
  const chain = createFilterChain(header.filters.slice(0, -1))
  const running = decoding.verifyData ? createRunningCheck(check, decoding.createSha256) : undefined
  let uncompressedSize = 0
  const finish = (data: Uint8Array): Uint8Array => {
    uncompressedSize += data.length
    running?.update(data)
    return lendsData ? data : data.slice()
  }

  const decodeChunk = (chunk: Lzma2Chunk, bytes: Uint8Array): Uint8Array => {
    try {
      return decoding.lzma2.decode(chunk, bytes)
    } catch (error) {
      if (dictionarySize <= dictionaryMax || !(error instanceof XzError)) throw error
      const message = `the block at byte ${position} has a dictionary of ${dictionarySize} bytes, of which only ${dictionaryMax} are kept: `
      throw new XzError('XZ_TOO_LARGE', `${message}it goes further back, or is damaged`)
    }
  }

  let compressedSize = 0
  const readHeader = createChunkHeaderReader()
  decoding.lzma2.begin(Math.min(dictionarySize, dictionaryMax))
  for (;;) {
    const [control] = yield 1
    compressedSize++
    if (control === 0) break
    const rest = yield chunkHeaderRest(control)
    const chunk = readHeader(compressedSize - 1, control, rest)
    compressedSize += rest.length + chunk.size
    const bytes = yield chunk.size
    const data = finish(chain.push(decodeChunk(chunk, bytes)))
    if (data.length > 0) yield data
  }
  const last = finish(chain.end())
  if (last.length > 0) yield last

  agree(position, 'compressed size', header.compressedSize, compressedSize)
  agree(position, 'uncompressed size', header.uncompressedSize, uncompressedSize)
  const padding = yield -compressedSize & 3
  if (padding.some(byte => byte !== 0))
    throw new XzError('XZ_PADDING', `the padding of the block at byte ${position} is not zero`)
  const checkValue = yield checkSize(check)
  if (running) verifyCheck(check, checkValue, running.value())
  return { unpaddedSize: header.headerSize + compressedSize + checkSize(check), uncompressedSize }
}

function agree(position: number, what: string, stated: number | undefined, found: number): void {
  if (stated === undefined || stated === found) return
  throw new XzError(
    'XZ_MISMATCH',
    `the block at byte ${position}: its ${what} is ${found}, but ${stated} by its header`,
  )
}
