import type { FinishedBlock } from './assembling.ts'
import type { ImagePlan, StoreSegment } from './plan.ts'

/** How far a build is. */
export interface Progress {
  /** Bytes of NAR whose blocks are in the image. */
  readonly bytesDone: number
  /** Bytes of NAR of all store paths. */
  readonly bytesTotal: number
  /** The store path that the last block ended in; `undefined` for entries that are none. */
  readonly path: string | undefined
}

/**
 * Tells of nothing done at once, then turns finished blocks, in order, into progress. It never goes back, and ends at the
 * total with the last block.
 */
export function createProgress(plan: ImagePlan, tell: (progress: Progress) => void): (block: FinishedBlock) => void {
  const before = new Map<string, number>()
  let bytesTotal = 0
  for (const { path, narSize } of plan.batches.flatMap(batch => batch.segments)) {
    before.set(path.path, bytesTotal)
    bytesTotal += narSize
  }
  let current: StoreSegment | undefined
  let tarBytes = 0
  let bytesDone = 0
  tell({ bytesDone, bytesTotal, path: undefined })
  return ({ piece: { segment }, uncompressedSize }) => {
    if (segment) {
      // A block says in which store path it ends, not how much of it is done: what is known is the tar bytes since the
      // path first appeared, which are more than its NAR's.
      tarBytes = segment.path.path === current?.path.path ? tarBytes + uncompressedSize : 0
      bytesDone = Math.max(bytesDone, before.get(segment.path.path)! + Math.min(tarBytes, segment.narSize))
    } else if (current) bytesDone = bytesTotal
    current = segment ?? current
    tell({ bytesDone, bytesTotal, path: segment?.path.path })
  }
}
