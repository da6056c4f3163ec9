/**
 * A build that survives the loss of a NAR. If no cache gives the NAR of a store path, but one has another build of the path,
 * the image is planned and built again with that build. Unchanged blocks come from the block cache, if there is one.
 */
import { setMaxListeners } from 'node:events'
import { ImageError } from '../image-error.ts'
import type { NarFileError } from '../nar-file/index.ts'
import { type ImageSpec, type StoreSegment, withOtherBuild } from '../plan/index.ts'
import { beginAlike, type FileChunk } from '../produce/index.ts'
import { type ImageRun, type RunOptions, startRun } from './run.ts'

/** The file of an image on its way to its reader. */
export interface Delivery {
  /** The build of the chunks so far: once all have come, that of the whole image. */
  readonly run: ImageRun
  /**
   * The file from its first byte to its last; to be read once. `rewind` takes back all chunks so far; without it, as in a
   * stream, a new build has to begin with the same bytes. Throws `ImageError` STREAM_OUTDATED where it does not.
   */
  chunks(rewind?: () => Promise<void>): AsyncGenerator<FileChunk>
  /** Aborted when the build ends, with the reason if somebody aborted it. */
  readonly signal: AbortSignal
  /** Ends the build, wherever it is. Nothing of it is left when it resolves. */
  close(): Promise<void>
}

/** Starts a build, which ends when it is closed, and with `options.signal` or `ending`, at once. */
export async function startDelivery(spec: ImageSpec, options: RunOptions, ending: AbortController): Promise<Delivery> {
  const { signal } = ending
  // Whatever is under way listens to it.
  setMaxListeners(0, signal)
  const abort = () => ending.abort(options.signal?.reason)
  if (options.signal?.aborted) abort()
  options.signal?.addEventListener('abort', abort, { once: true })
  const end = () => {
    options.signal?.removeEventListener('abort', abort)
    ending.abort()
  }
  let run: ImageRun
  try {
    run = await startRun(spec, options, ending)
  } catch (error) {
    end()
    throw error
  }

  async function* chunks(rewind?: () => Promise<void>): AsyncGenerator<FileChunk> {
    let delivered = 0
    let last: StoreSegment | undefined
    for (let done = false; !done; ) {
      let skip = delivered
      try {
        for await (const chunk of run.production.chunks) {
          const bytes = chunk.bytes.subarray(skip)
          skip -= chunk.bytes.length - bytes.length
          if (bytes.length === 0) continue
          delivered += bytes.length
          last = chunk.block?.segment ?? last
          yield { ...chunk, bytes }
        }
        done = true
      } catch (error) {
        const before = run.image
        const other = await withOtherBuild(before.opened, error)
        await run.close()
        run = await startRun(spec, options, ending, other)
        await rewind?.()
        if (rewind) delivered = 0
        else if (delivered > 0 && !beginAlike(before, run.image, last)) throw outdated(error as NarFileError)
      }
    }
  }

  return {
    get run() {
      return run
    },
    signal,
    chunks,
    async close() {
      end()
      await run.close()
    },
  }
}

function outdated(fault: NarFileError): ImageError {
  const message = [
    ...fault.message.split('\n'),
    'Another build of it can be had, but the image then begins with other bytes than were written already: build into a ' +
      'folder (--out), where they are taken back',
  ]
  return new ImageError('STREAM_OUTDATED', fault.path, message, { cause: fault })
}
