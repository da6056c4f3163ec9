/** Fetches the parts of an image that are missing, and checks each by its digest. */
import { createHash } from 'node:crypto'
import { inParallel } from '../in-parallel.ts'
import { PullError } from './errors.ts'
import { endOf, type ImagePart, joinParts } from './image-parts.ts'
import type { PartialImage } from './partial-image.ts'
import { countFailures, type ImageServer, isOfServer } from './server.ts'
import { HEAD_SIZE, readSharedPrefix, type SharedPrefix } from './shared-prefixes.ts'

/** The image to fetch, and the file that it goes to. */
export interface PartFetch {
  readonly server: ImageServer
  readonly file: string
  /** Bytes of the image. */
  readonly size: number
  readonly partial: PartialImage
  readonly signal: AbortSignal
  /** Called with the number of bytes that have come, right or wrong. */
  readonly onFetched: (count: number) => void
}

/** Requests under way at a time. */
const REQUESTS = 4

/**
 * Fetches parts by ranges, several at a time. A part that comes wrong is fetched again; a server without ranges sends the
 * whole image. Throws `PullError` PULL_WRONG and PULL_MISSING, `HttpError` and `DiskError`.
 */
export async function fetchParts(missing: readonly ImagePart[], options: PartFetch): Promise<void> {
  const { server, file, size, signal } = options
  const failures = countFailures(signal)
  const queue = joinParts(missing)

  /** Takes parts from one answer, and resolves to those that are still missing. */
  async function fetchOnce(parts: readonly ImagePart[], ask: () => Promise<Stretch>): Promise<readonly ImagePart[]> {
    const rest = new Set(parts)
    const taken = (part: ImagePart) => {
      rest.delete(part)
      failures.clear()
    }
    try {
      await takeParts(await ask(), parts, options, taken)
      if (rest.size > 0) throw wrong(server.urlOf(file), [...rest][0])
    } catch (error) {
      await failures.add(error)
    }
    return [...rest]
  }

  async function fetchJoined(joined: readonly ImagePart[]): Promise<void> {
    const start = joined[0].offset
    const end = endOf(joined.at(-1)!)
    const rest = await fetchOnce(joined, async () => {
      const { bytes } = await server.range(file, start, end - start, size)
      return { chunks: bytes, start }
    })
    // One by one: there may be more than a call takes arguments.
    for (const joined of joinParts(rest)) queue.push(joined)
  }

  // The first answer tells whether the server has ranges.
  const first = server.hasRanges === undefined ? queue.shift() : undefined
  if (first) await fetchJoined(first)
  if (server.hasRanges !== false) {
    await inParallel(queue, REQUESTS, fetchJoined)
    return
  }
  let rest: readonly ImagePart[] = queue.flat().sort((a, b) => a.offset - b.offset)
  while (rest.length > 0) {
    rest = await fetchOnce(rest, async () => ({ chunks: await server.whole(file, size), start: 0 }))
  }
}

/**
 * Fetches the rest of parts that should begin with bytes that are known, and resolves to the parts that are right then, with
 * the bytes that were not fetched. What comes of a server that fails here is fetched by {@link fetchParts}. Throws `DiskError`.
 */
export async function fetchRests(
  prefixes: readonly SharedPrefix[],
  { server, file, size, partial, onFetched }: PartFetch,
): Promise<Map<ImagePart, number>> {
  const right = new Map<ImagePart, number>()

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

  await inParallel(prefixes, REQUESTS, async prefix => {
    const { part } = prefix
    const { offset } = part
    try {
      if (server.hasRanges === false || !(await fetchBytes(offset, offset + HEAD_SIZE))) return
      const known = await readSharedPrefix(prefix, await partial.read(offset, HEAD_SIZE))
      if (!known) return
      const end = offset + known.headerSize + known.bytes.length
      await partial.write(known.bytes, offset + known.headerSize)
      await fetchBytes(end, endOf(part))
      if (await partial.has(part)) right.set(part, end - offset - HEAD_SIZE)
    } catch (error) {
      if (!isOfServer(error)) throw error
    }
  })
  return right
}

/** Bytes of an image on their way. */
interface Stretch {
  readonly chunks: AsyncIterable<Uint8Array>
  /** Offset of the first of them in the image. */
  readonly start: number
}

/** Writes parts, which lie in order in the bytes that come, and tells which are right. */
async function takeParts(
  { chunks, start }: Stretch,
  parts: readonly ImagePart[],
  { partial, onFetched }: PartFetch,
  taken: (part: ImagePart) => void,
): Promise<void> {
  let position = start
  let index = 0
  let hash = createHash('sha256')
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length && index < parts.length; ) {
      const part = parts[index]
      if (position < part.offset) {
        const skipped = Math.min(chunk.length - at, part.offset - position)
        at += skipped
        position += skipped
        continue
      }
      const bytes = chunk.subarray(at, at + endOf(part) - position)
      const written = partial.write(bytes, position)
      hash.update(bytes)
      await written
      onFetched(bytes.length)
      at += bytes.length
      position += bytes.length
      if (position < endOf(part)) continue
      if (hash.digest('hex') === part.sha256) taken(part)
      hash = createHash('sha256')
      index++
    }
  }
}

function wrong(url: string, { offset, size }: ImagePart): PullError {
  const what = `the ${size} bytes from byte ${offset} on are not those that the manifest tells`
  return new PullError('PULL_WRONG', url, `${what}; report that to whoever runs the server`)
}
