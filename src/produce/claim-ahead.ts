import type { Batch } from '../plan/index.ts'
import { isFetched, type Supply } from '../store/index.ts'

/** Compressed bytes of the batches that a thread has claimed and not begun: enough to keep a download going meanwhile. */
const AHEAD_BYTES = 8 * 1024 * 1024

/** Batches that a thread may claim ahead: no other thread can take them over. */
const AHEAD_BATCHES = 4

/**
 * Claims batches and gives them one by one; those that have to be fetched are claimed, and announced to the supply, some
 * time before their turn.
 */
export function* claimAhead(batches: readonly Batch[], claims: Iterator<number>, supply: Supply): Generator<Batch> {
  const claimed: Batch[] = []
  let bytes = 0
  for (;;) {
    while (claimed.length === 0 || (bytes > 0 && bytes < AHEAD_BYTES && claimed.length <= AHEAD_BATCHES)) {
      const claim = claims.next()
      if (claim.done) break
      const batch = batches[claim.value]
      claimed.push(batch)
      bytes += fetchSize(batch)
      for (const segment of batch.segments) supply.announce(segment)
    }
    const batch = claimed.shift()
    if (!batch) return
    yield batch
    bytes -= fetchSize(batch)
  }
}

/** Bytes to fetch, about; 0 for what is on this machine. */
function fetchSize({ segments }: Batch): number {
  let size = 0
  for (const { contents, narSize } of segments) {
    // The stated size may be wrong.
    if (isFetched(contents)) size += Math.min(contents.file.fileSize ?? narSize, narSize)
  }
  return size
}
