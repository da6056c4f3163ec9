/** Fetches the pieces of an image that are missing, and checks each by its digest. */
import { createHash } from 'node:crypto'
import { type Beginning, HEAD_SIZE, readBeginning } from './beginnings.ts'
import { PullError } from './errors.ts'
import type { Partial } from './partial.ts'
import { endOf, joinPieces, type Piece } from './pieces.ts'
import { countFailures, isOfServer, type Server } from './server.ts'

/** The image to fetch, and the file that it goes to. */
export interface FillOptions {
  readonly server: Server
  readonly file: string
  /** Bytes of the image. */
  readonly size: number
  readonly partial: Partial
  readonly signal?: AbortSignal
  /** Called with the number of bytes that have come, right or wrong. */
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

  async function fetchRun(run: readonly Piece[]): Promise<void> {
    const start = run[0].offset
    const end = endOf(run.at(-1)!)
    const rest = await fetchOnce(run, async () => {
      const { bytes } = await server.range(file, start, end - start, size)
      return { bytes, start }
    })
    // One by one: there may be more than a call takes arguments.
    for (const run of joinPieces(rest)) queue.push(run)
  }

  // The first answer tells whether the server has ranges.
  const first = server.hasRanges === undefined ? queue.shift() : undefined
  if (first) await fetchRun(first)
  if (server.hasRanges !== false) {
    await workOff(queue, fetchRun)
    return
  }
  let rest: readonly Piece[] = queue.flat().sort((a, b) => a.offset - b.offset)
  while (rest.length > 0) {
    rest = await fetchOnce(rest, async () => ({ bytes: await server.whole(file, size), start: 0 }))
  }
}

/**
 * Fetches the rest of pieces that should begin with bytes that are known, and resolves to the pieces that are right then, with
 * the bytes that were not fetched. What comes of a server that fails here is fetched by {@link fillPieces}. Throws `DiskError`.
 */
export async function fillRests(
  beginnings: readonly Beginning[],
  { server, file, size, partial, onFetched }: FillOptions,
): Promise<Map<Piece, number>> {
  const right = new Map<Piece, number>()

  /** Resolves to whether the server has ranges. */
  async function fetchBytes(start: number, end: number): Promise<boolean> {
    const { bytes, isPart } = await server.range(file, start, end - start, size)
    if (isPart) {
      let position = start
      for await (const chunk of bytes) {
        await partial.write(chunk, position)
        position += chunk.length
        onFetched(chunk.length)
      }
    }
    await bytes.return?.()
    return isPart
  }

  await workOff([...beginnings], async beginning => {
    const { piece } = beginning
    const { offset } = piece
    try {
      if (server.hasRanges === false || !(await fetchBytes(offset, offset + HEAD_SIZE))) return
      const known = await readBeginning(beginning, await partial.read(offset, HEAD_SIZE))
      if (!known) return
      const end = offset + known.headerSize + known.bytes.length
      await partial.write(known.bytes, offset + known.headerSize)
      await fetchBytes(end, endOf(piece))
      if (await partial.has(piece)) right.set(piece, end - offset - HEAD_SIZE)
    } catch (error) {
      if (!isOfServer(error)) throw error
    }
  })
  return right
}

/** Does all that is in a queue, several at a time. The first failure ends it, once all that was begun has ended. */
async function workOff<T>(queue: T[], work: (item: T) => Promise<void>): Promise<void> {
  let isFailed = false
  const workers = Array.from({ length: REQUESTS }, async () => {
    try {
      while (queue.length > 0 && !isFailed) await work(queue.shift()!)
    } catch (error) {
      isFailed = true
      throw error
    }
  })
  const failed = (await Promise.allSettled(workers)).find(result => result.status === 'rejected')
  if (failed) throw failed.reason
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

function wrong(url: string, { offset, size }: Piece): PullError {
  const what = `the ${size} bytes from byte ${offset} on are not those that the manifest tells`
  return new PullError('PULL_WRONG', url, `${what}; report that to whoever runs the server`)
}
