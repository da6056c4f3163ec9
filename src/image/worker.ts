/** The jobs that run on worker threads. Arguments and results are plain data or shared memory. */
import { CONTAINERS, type EncodedBlock, type ImageFormat } from '../container/index.ts'
import { type NarHash, narHashFromBytes } from '../nix/index.ts'
import { type ClaimsMemory, claimNumbers, openProducer, type RingMemory } from '../pool/index.ts'
import { readContents } from '../store/index.ts'
import { ImageError } from './errors.ts'
import { type Outcome, outcomeOf } from './failure.ts'
import type { Batch, StoreSegment } from './plan.ts'
import { createPieceWriter, createSegmentPacker, type PieceWriter } from './segment-packer.ts'

/** A share of the batches to pack. */
export interface PackTask {
  readonly batches: readonly Batch[]
  /** Which of them is packed by whom. */
  readonly claims: ClaimsMemory
  /** Who claims here. */
  readonly lane: number
  /** Where the tar bytes go, batch after batch. */
  readonly ring: RingMemory
}

/** Bytes of tar of each segment that was packed, by store path. */
export type PackResult = readonly (readonly [path: string, tarSize: number])[]

/** Reads the segments of batches, checks each against its NAR hash, and fills the ring with their tar bytes. */
export function pack({ batches, claims, lane, ring }: PackTask): Promise<Outcome<PackResult>> {
  return outcomeOf(() => {
    const producer = openProducer(ring)
    const result: [string, number][] = []
    for (const number of claimNumbers(claims, lane)) {
      let current = 0
      const pieces = createPieceWriter(producer, () => current)
      for (const [i, segment] of batches[number].segments.entries()) {
        current = i
        result.push([segment.path.path, packSegment(segment, pieces)])
      }
      pieces.end()
    }
    return result
  })
}

function packSegment(segment: StoreSegment, pieces: PieceWriter): number {
  const packer = createSegmentPacker(segment.path.path.slice(1), pieces)
  readContents(segment.files, packer)
  const { narHash, narSize, tarSize } = packer.end()
  checkNar(segment, narHashFromBytes(narHash), narSize)
  return tarSize
}

/** A block to encode. */
export interface EncodeTask {
  readonly bytes: Uint8Array
  readonly format: ImageFormat
  readonly level: number
}

/** Encodes a block. */
export function encode({ bytes, format, level }: EncodeTask): Promise<Outcome<EncodedBlock>> {
  const container = CONTAINERS[format]
  return outcomeOf(() => container.blocks!.encode(bytes, level))
}

function checkNar({ path, narHash, narSize }: StoreSegment, foundHash: NarHash, foundSize: number): void {
  if (foundHash !== narHash) {
    throw new ImageError(
      'NAR_HASH_MISMATCH',
      path.path,
      `${path.path}: its contents do not match its NAR hash: expected ${narHash}, got ${foundHash}; ` +
        'the files were changed or are damaged: repair the path (nix-store --repair-path) or copy it again',
    )
  }
  if (foundSize !== narSize) {
    throw new ImageError(
      'NAR_SIZE_MISMATCH',
      path.path,
      `${path.path}: its NAR has ${foundSize} bytes, not ${narSize} as its registration says; register it again`,
    )
  }
}
