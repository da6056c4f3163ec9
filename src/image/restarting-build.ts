/**
 * A build that survives the loss of a NAR. If no cache gives the NAR of a store path, but one has another build of the path,
 * the image is planned and built again with that build. Unchanged blocks come from the block cache, if there is one.
 */
import { setMaxListeners } from 'node:events'
import { abortable, followSignal } from '../abortable.ts'
import { ImageError } from '../image-error.ts'
import type { NarFileError } from '../nar-file/index.ts'
import { type ImageSpec, type StoreSegment, withOtherBuild } from '../plan/index.ts'
import { beginAlike, type FileChunk } from '../produce/index.ts'
import { type AttemptOptions, type BuildAttempt, startAttempt } from './attempt.ts'

/** The options of a build. */
export interface RestartOptions extends AttemptOptions {
  /** Resolves once all calls of `onProgress` are over. */
  readonly settled: () => Promise<void>
}

/** A build that begins again where a NAR is lost. */
export interface RestartingBuild {
  /** The attempt that gave the chunks so far: once all have come, the whole image. */
  readonly attempt: BuildAttempt
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
export async function startBuild(
  spec: ImageSpec,
  options: RestartOptions,
  ending: AbortController,
): Promise<RestartingBuild> {
  const { signal } = ending
  // Whatever is under way listens to it.
  setMaxListeners(0, signal)
  const unfollow = followSignal(ending, options.signal)
  const end = () => {
    unfollow()
    ending.abort()
  }
  let attempt: BuildAttempt
  try {
    attempt = await startAttempt(spec, options, ending)
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
        for await (const chunk of attempt.production.chunks) {
          const bytes = chunk.bytes.subarray(skip)
          skip -= chunk.bytes.length - bytes.length
          if (bytes.length === 0) continue
          delivered += bytes.length
          last = chunk.block?.segment ?? last
          yield { ...chunk, bytes }
        }
        await abortable(options.settled, signal)
        done = true
      } catch (error) {
        const before = attempt.image
        const other = await withOtherBuild(before.opened, error)
        await attempt.close()
        attempt = await startAttempt(spec, options, ending, other)
        await rewind?.()
        if (rewind) delivered = 0
        else if (delivered > 0 && !beginAlike(before, attempt.image, last)) throw outdated(error as NarFileError)
      }
    }
  }

  return {
    get attempt() {
      return attempt
    },
    signal,
    chunks,
    async close() {
      end()
      await attempt.close()
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
