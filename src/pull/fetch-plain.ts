/** Fetches an image of which nothing is known but its digest. */
import { IMAGE_SIZE_MAX } from '../image-source/index.ts'
import type { PullProgress } from './options.ts'
import type { PartialImage } from './partial-image.ts'
import { countFailures, type ImageServer } from './server.ts'

const RANGE_NOT_SATISFIABLE = 416

/** New bytes after which failures are forgotten: with fewer, a server could break off after each byte, and the pull never end. */
const GAIN = 10_000

/** The image to fetch, and the file that it goes to. */
export interface PlainOptions {
  readonly server: ImageServer
  readonly file: string
  readonly partial: PartialImage
  readonly signal: AbortSignal
  readonly onProgress: (progress: PullProgress) => void
}

/**
 * Fetches an image, from where the partial file ends if the server has ranges, and resolves to the amounts. Throws `PullError`
 * PULL_MISSING, `HttpError` and `DiskError`.
 */
export async function fetchPlain({ server, file, partial, signal, onProgress }: PlainOptions) {
  const failures = countFailures(signal)
  let { size: bytesReused } = await partial.handle.stat()
  const restart = async () => {
    bytesReused = 0
    await partial.resize(0)
  }
  // Bytes that come again are no progress.
  let reached = 0
  for (;;) {
    try {
      const { size: there } = await partial.handle.stat()
      let { bytes, position, total } = await ask(server, file, there)
      if (position === 0) await restart()
      for await (const chunk of bytes) {
        await partial.write(chunk, position)
        position += chunk.length
        if (position >= reached + GAIN) {
          reached = position
          failures.clear()
        }
        onProgress({ bytesReused, bytesFetched: position - bytesReused, bytesTotal: total })
      }
      return { size: position, bytesReused, bytesFetched: position - bytesReused }
    } catch (error) {
      // The file has more bytes than the image.
      if ((error as { status?: unknown }).status === RANGE_NOT_SATISFIABLE) await restart()
      await failures.add(error)
    }
  }
}

/** Asks for the bytes from `there` on, or for all. */
async function ask(server: ImageServer, file: string, there: number) {
  // Behind the last byte there is nothing to ask for: the last one that is there comes again.
  const start = Math.max(0, there - 1)
  const { bytes, isPart, identity } = await server.range(file, start, IMAGE_SIZE_MAX - start, IMAGE_SIZE_MAX)
  const total = identity.length
  if (isPart && total !== undefined && there <= total) return { bytes, position: start, total }
  await bytes.return?.()
  return { bytes: await server.whole(file, IMAGE_SIZE_MAX), position: 0, total }
}
