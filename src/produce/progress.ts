import type { Batch, ImagePlan, StoreSegment } from '../plan/index.ts'
import type { FinishedBlock } from './assembling.ts'

/** How far a build is. */
export interface Progress {
  /** Bytes of NAR whose blocks are in the image. */
  readonly bytesDone: number
  /** Bytes of NAR of all store paths. */
  readonly bytesTotal: number
  /** The store path that the last block ended in; `undefined` for entries outside of store paths. */
  readonly path: string | undefined
  /** Present where NAR files are fetched. */
  readonly fetched?: FetchProgress
}

/** How much of the NAR files is here, in bytes as they are compressed. */
export interface FetchProgress {
  readonly bytesDone: number
  /** `undefined` where the source does not say how long its files are. It may grow. */
  readonly bytesTotal: number | undefined
}

/** Turns what happens in a build into progress. */
export interface ProgressTeller {
  /** A block, the next one in order, is in the image. */
  onBlock(block: FinishedBlock): void
  /** Present where files are fetched: tells how much of them is here by now. */
  readonly onTick?: () => void
}

/** What a build fetches. */
export interface Fetching {
  /** Where bytes that were read from NAR files are counted: one 64-bit number. */
  readonly count: SharedArrayBuffer
  /** The batches that are packed: all of the image, until the cache was asked which of them it has. Others may be added. */
  missing: Batch[]
}

/**
 * Reports at once that nothing is done, and then each step. `bytesDone` never decreases, and reaches the total with the last
 * block.
 */
export function createProgress(
  plan: ImagePlan,
  fetching: Fetching,
  tell: (progress: Progress) => void,
): ProgressTeller {
  const before = new Map<string, number>()
  const segments = plan.batches.flatMap(batch => batch.segments)
  let bytesTotal = 0
  for (const { path, narSize } of segments) {
    before.set(path.path, bytesTotal)
    bytesTotal += narSize
  }
  let current: StoreSegment | undefined
  let tarBytes = 0
  let bytesDone = 0
  const fetchProgress = createFetchProgress(fetching)
  const report = (path: string | undefined) => {
    const fetched = fetchProgress()
    tell({ bytesDone, bytesTotal, path, ...(fetched && { fetched }) })
  }
  report(undefined)
  return {
    onBlock({ segment, uncompressedSize }) {
      if (segment) {
        // A block says in which store path it ends, not how much of it is done: what is known is the tar bytes since the
        // path first appeared, which are more than its NAR's.
        tarBytes = segment.path.path === current?.path.path ? tarBytes + uncompressedSize : 0
        bytesDone = Math.max(bytesDone, before.get(segment.path.path)! + Math.min(tarBytes, segment.narSize))
      } else if (current) bytesDone = bytesTotal
      current = segment ?? current
      report(segment?.path.path)
    },
    ...(segments.some(({ contents }) => contents.type === 'nar') && { onTick: () => report(current?.path.path) }),
  }
}

/** Says how much is fetched, `undefined` where there is nothing to fetch. It looks at each batch once, not at each step. */
function createFetchProgress(fetching: Fetching): () => FetchProgress | undefined {
  const count = new BigInt64Array(fetching.count)
  let batches: readonly Batch[] = []
  let counted = 0
  let files = 0
  let bytesTotal: number | undefined = 0
  return () => {
    if (batches !== fetching.missing) {
      batches = fetching.missing
      counted = files = bytesTotal = 0
    }
    for (; counted < batches.length; counted++) {
      for (const { contents } of batches[counted].segments) {
        if (contents.type !== 'nar') continue
        files++
        const { fileSize } = contents.file
        bytesTotal = bytesTotal === undefined || fileSize === undefined ? undefined : bytesTotal + fileSize
      }
    }
    if (files === 0) return undefined
    const bytesDone = Number(Atomics.load(count, 0))
    // The size in a narinfo may be wrong, and a damaged file is fetched again from elsewhere.
    return { bytesDone, bytesTotal: bytesTotal === undefined ? undefined : Math.max(bytesTotal, bytesDone) }
  }
}
