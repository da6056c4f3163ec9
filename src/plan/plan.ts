/**
 * The plan of an image: which segments its tar is made of, in which order, and how they fall into batches. It follows
 * from the closure's metadata alone, so nothing is read for it: the sizes in it are NAR sizes.
 */
import { decodeText, encodeText } from '../bytes/index.ts'
import { decodeNixBase32, formatRegistration, type NarHash, type StorePath } from '../nix/index.ts'
import type { Closure, ContentsSource, SupplyOptions } from '../store/index.ts'
import { REGISTRATION_FILE } from '../stored-paths.ts'
import { comparePaths, createTree, TreeConflictError, type TreeEntry } from '../tree/index.ts'

/** The tar bytes of one store path. Plain data. */
export interface StoreSegment {
  readonly path: StorePath
  readonly narHash: NarHash
  readonly narSize: number
  readonly contents: ContentsSource
}

/**
 * Segments whose tar bytes run on without a cut, until they are cut into blocks at multiples of the block size: one
 * large segment, or a few small ones.
 */
export interface Batch {
  readonly segments: readonly StoreSegment[]
  /** The number of the first of them among all segments of the image. */
  readonly first: number
}

/** Bytes of NAR in a batch. */
export function narSizeOf({ segments }: Batch): number {
  return segments.reduce((sum, { narSize }) => sum + narSize, 0)
}

/** The whole tar: `head`, the batches, `tail`, end of archive. */
export interface ImagePlan {
  /** Entries in front of the store paths, down to the store's folder. */
  readonly head: readonly TreeEntry[]
  readonly batches: readonly Batch[]
  /** Entries behind the store paths. */
  readonly tail: readonly TreeEntry[]
  /** Bytes of all store paths as NARs. */
  readonly narSize: number
  /** The means to bring the contents of the segments. */
  readonly supply: SupplyOptions
}

/**
 * Bytes of NAR from which a segment stands alone, and the mean size of a group of smaller ones. Blocks bound to single
 * store paths make rebuilds cheap, blocks of many make them small: with 4 MiB, images are 0.02 to 0.06 % smaller, and a change
 * of a small store path makes a third more anew. See src/produce/README.md.
 */
const GROUP_SIZE = 3 * 1024 * 1024

/** Bytes of NAR that a group has at the most. Without a bound one in seven has more, and a change in it costs as much. */
const GROUP_SIZE_MAX = 2 * GROUP_SIZE

/** Plans the image of a closure and its other entries. Throws `TreeConflictError`. */
export function planImage(closure: Closure, entries: readonly TreeEntry[]): ImagePlan {
  const { storeDir } = closure
  const store = encodeText(storeDir.slice(1))
  const tree = createTree([
    { type: 'directory', path: store, mode: 0o755, origin: 'the Nix store' },
    registrationEntry(closure),
    ...entries,
  ])
  const intruder = tree.find(entry => entry.path.startsWith(`${store}/`))
  if (intruder) {
    const what = `only store paths lie in ${storeDir}`
    throw new TreeConflictError(`/${decodeText(intruder.path)}`, [intruder.origin, 'the Nix store'], what)
  }
  const segments = closure.paths.map(info => ({
    path: info.path,
    narHash: info.narHash,
    narSize: info.narSize,
    contents: closure.contentsOf(info.path),
  }))
  return {
    head: tree.filter(entry => comparePaths(entry.path, store) <= 0),
    batches: groupSegments(segments),
    tail: tree.filter(entry => comparePaths(entry.path, store) > 0),
    narSize: segments.reduce((sum, segment) => sum + segment.narSize, 0),
    supply: closure.supply,
  }
}

/** The seed of the image's Nix database: `nix-store --load-db < /nix-path-registration`. */
function registrationEntry(closure: Closure): TreeEntry {
  const contents = new TextEncoder().encode(formatRegistration(closure.paths))
  return { type: 'file', path: REGISTRATION_FILE, mode: 0o444, contents, origin: 'the Nix database' }
}

/**
 * Groups small segments. Whether one begins a group is a property of its own, drawn from its digest with a chance that
 * grows with its size: so a path that comes or goes moves no border but its own, and every other group, and with it
 * its blocks, stays as it was. Only where a group would grow too long a border depends on what is before it, up to the
 * next one that is drawn.
 */
function groupSegments(segments: readonly StoreSegment[]): Batch[] {
  const batches: { segments: StoreSegment[]; first: number }[] = []
  let group: StoreSegment[] | undefined
  let size = 0
  for (const [first, segment] of segments.entries()) {
    size += segment.narSize
    if (segment.narSize >= GROUP_SIZE) {
      batches.push({ segments: [segment], first })
      group = undefined
    } else if (group && size <= GROUP_SIZE_MAX && !beginsGroup(segment)) {
      group.push(segment)
    } else {
      group = [segment]
      size = segment.narSize
      batches.push({ segments: group, first })
    }
  }
  return batches
}

function beginsGroup(segment: StoreSegment): boolean {
  const digest = decodeNixBase32(segment.path.digest)
  const drawn = ((digest[0] << 16) | (digest[1] << 8) | digest[2]) / 0x100_0000
  return drawn < segment.narSize / GROUP_SIZE
}
