/**
 * A build that outlives the loss of a NAR. Where no cache gives the NAR of a store path, and one has another build of it,
 * the image is planned anew with that build, and built anew; what has not changed comes from the block cache, if there is
 * one.
 */
import type { NarFileError } from '../nar-file/index.ts'
import type { FileChunk } from './assembling.ts'
import { ImageError } from './errors.ts'
import type { ImagePlan } from './plan.ts'
import { withOtherBuild } from './prepare.ts'
import { type BuildOptions, type ImageRun, startRun } from './produce.ts'
import type { ImageSpec } from './spec.ts'
import { packTree } from './tree-packer.ts'

/** The file of an image on its way to whoever wants it. */
export interface Delivery {
  /** The build that the chunks are of, so that of the whole image once all of them have come. */
  readonly run: ImageRun
  /**
   * The file from its first byte to its last; to be read once. `rewind` takes back all chunks so far; without it, as in a
   * stream, a new build has to begin with the same bytes. Throws `ImageError` STREAM_OUTDATED where it does not.
   */
  chunks(rewind?: () => Promise<void>): AsyncGenerator<FileChunk>
  /** Ends the build, wherever it is. */
  close(): Promise<void>
}

/** Starts a build. */
export async function startDelivery(spec: ImageSpec, options: BuildOptions): Promise<Delivery> {
  let run = await startRun(spec, options)

  async function* chunks(rewind?: () => Promise<void>): AsyncGenerator<FileChunk> {
    let delivered = 0
    for (let done = false; !done; ) {
      let skip = delivered
      try {
        for await (const chunk of run.chunks) {
          const bytes = chunk.bytes.subarray(skip)
          skip -= chunk.bytes.length - bytes.length
          if (bytes.length === 0 && !chunk.block) continue
          delivered += bytes.length
          yield { ...chunk, bytes }
        }
        done = true
      } catch (error) {
        const { opened, plan } = run.image
        const other = await withOtherBuild(opened, error)
        await run.close()
        run = await startRun(spec, options, other)
        await rewind?.()
        if (rewind) delivered = 0
        else if (delivered > 0) checkBeginning(plan, run.image.plan, error as NarFileError)
      }
    }
  }

  return {
    get run() {
      return run
    },
    chunks,
    close: () => run.close(),
  }
}

/**
 * Throws unless the images of two plans are the same up to the store path that `fault` is about. Nothing of it was
 * delivered, nor anything behind it; and where a batch begins depends on nothing behind that.
 */
function checkBeginning(before: ImagePlan, after: ImagePlan, fault: NarFileError): void {
  const segmentsBefore = ({ batches }: ImagePlan) => {
    const segments = batches.flatMap(batch => batch.segments)
    const index = segments.findIndex(({ path }) => path.path === fault.path)
    return segments.slice(0, index).map(({ path, narHash }) => `${path.path} ${narHash}`)
  }
  const sameHead = Buffer.compare(packTree(before.head), packTree(after.head)) === 0
  if (sameHead && segmentsBefore(before).join() === segmentsBefore(after).join()) return
  const message =
    `${fault.message}; another build of it can be had, but the image then begins with other bytes than were written ` +
    'already: build into a folder (--out), where they are taken back'
  throw new ImageError('STREAM_OUTDATED', fault.path, message, { cause: fault })
}
