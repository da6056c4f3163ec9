/** Fetches the pieces of an image that are missing, and checks each by its digest. */
import { createHash } from 'node:crypto'
import { PullError } from './errors.ts'
import type { Partial } from './partial.ts'
import { joinPieces, type Piece } from './pieces.ts'
import { countFailures, type Server } from './server.ts'

/** What to fetch, and where to. */
export interface FillOptions {
  readonly server: Server
  readonly file: string
  /** Bytes of the image. */
  readonly size: number
  readonly partial: Partial
  readonly signal?: AbortSignal
  /** Told of bytes that have come, right or wrong. */
  readonly onFetched: (count: number) => void
}

/** Requests under way at a time. */
const REQUESTS = 4

/**
 * Fetches pieces by ranges, several at a time. A piece that comes wrong is fetched again; a server without ranges sends the
 * whole image. Throws `PullError` PULL_WRONG and PULL_MISSING, `HttpError` and `DiskError`.
 */
export async function fillPieces(missing: readonly Piece[], options: FillOptions): Promise<void> {
  const { server, file, size, signal } = options
  const failures = countFailures(signal)
  const queue = joinPieces(missing)
  let hasRanges = true
  let isFailed = false

  /** Takes pieces from one answer, and resolves to those that are still missing. */
  async function fetchOnce(pieces: readonly Piece[], ask: () => Promise<Stretch>): Promise<readonly Piece[]> {
    const rest = new Set(pieces)
    const taken = (piece: Piece) => {
      rest.delete(piece)
      failures.clear()
    }
    try {
      await takePieces(await ask(), pieces, options, taken)
      if (rest.size > 0) throw wrong(server.urlOf(file), [...rest][0])
    } catch (error) {
      await failures.add(error)
    }
    return [...rest]
  }

  async function fetchRun(): Promise<void> {
    const run = queue.shift()!
    const start = run[0].offset
    const end = endOf(run.at(-1)!)
    const rest = await fetchOnce(run, async () => {
      const { bytes, isPart } = await server.range(file, start, end - start, size)
      hasRanges &&= isPart
      return { bytes, start }
    })
    queue.push(...joinPieces(rest))
  }

  async function work(): Promise<void> {
    try {
      while (queue.length > 0 && !isFailed) await fetchRun()
    } catch (error) {
      isFailed = true
      throw error
    }
  }

  // The first answer tells whether the server has ranges.
  if (queue.length > 0) await fetchRun()
  if (hasRanges) {
    const ended = await Promise.allSettled(Array.from({ length: REQUESTS }, work))
    const failed = ended.find(result => result.status === 'rejected')
    if (failed) throw failed.reason
    return
  }
  let rest: readonly Piece[] = queue.flat().sort((a, b) => a.offset - b.offset)
  while (rest.length > 0) {
    rest = await fetchOnce(rest, async () => ({ bytes: await server.whole(file, size), start: 0 }))
  }
}

/** Bytes of an image on their way. */
interface Stretch {
  readonly bytes: AsyncIterable<Uint8Array>
  /** Offset of the first of them in the image. */
  readonly start: number
}

/** Writes pieces, which lie in order in the bytes that come, and tells which are right. */
async function takePieces(
  { bytes, start }: Stretch,
  pieces: readonly Piece[],
  { partial, onFetched }: FillOptions,
  taken: (piece: Piece) => void,
): Promise<void> {
  let position = start
  let index = 0
  let hash = createHash('sha256')
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.length && index < pieces.length; ) {
      const piece = pieces[index]
      if (position < piece.offset) {
        const skipped = Math.min(chunk.length - at, piece.offset - position)
        at += skipped
        position += skipped
        continue
      }
      const part = chunk.subarray(at, at + endOf(piece) - position)
      const written = partial.write(part, position)
      hash.update(part)
      await written
      onFetched(part.length)
      at += part.length
      position += part.length
      if (position < endOf(piece)) continue
      if (hash.digest('hex') === piece.sha256) taken(piece)
      hash = createHash('sha256')
      index++
    }
  }
}

function endOf({ offset, size }: Piece): number {
  return offset + size
}

function wrong(url: string, { offset, size }: Piece): PullError {
  const what = `the ${size} bytes from byte ${offset} on are not those that the manifest tells`
  return new PullError('PULL_WRONG', url, `${what}; report that to whoever runs the server`)
}
