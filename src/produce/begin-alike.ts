import type { PreparedImage, StoreSegment } from '../plan/index.ts'
import { packTree } from './tree-packer.ts'

/** Whether the files of two images are the same up to where a chunk ends whose last bytes are of the segment `last`. */
export function beginAlike(before: PreparedImage, after: PreparedImage, last: StoreSegment | undefined): boolean {
  if (Buffer.compare(packTree(before.plan.head), packTree(after.plan.head)) !== 0) return false
  const index = before.plan.batches.findIndex(({ segments }) => segments.includes(last!))
  return before.plan.batches.slice(0, index + 1).every(({ segments }, i) => {
    // A block ends with its batch, and may be all of it.
    const isWhole = i < index || (segments.at(-1) === last && before.container.blocks !== undefined)
    const end = isWhole ? segments.length : segments.indexOf(last!) + 1
    const others = after.plan.batches[i]?.segments.slice(0, isWhole ? undefined : end) ?? []
    return others.length === end && others.every((other, j) => isSame(other, segments[j]))
  })
}

function isSame(one: StoreSegment, other: StoreSegment): boolean {
  return one.path.path === other.path.path && one.narHash === other.narHash
}
