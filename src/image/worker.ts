/** The jobs that run on worker threads. Arguments and results are plain data or shared memory. */
import { CONTAINERS, type EncodedBlock, type ImageFormat } from '../container/index.ts'
import { type NarHash, narHashFromBytes } from '../nix/index.ts'
import { openProducer, type RingMemory } from '../pool/index.ts'
import { readContents } from '../store/index.ts'
import { ImageError } from './errors.ts'
import { type Outcome, outcomeOf } from './failure.ts'
import type { Batch, StoreSegment } from './plan.ts'
import { createPieceWriter, createSegmentPacker } from './segment-packer.ts'

/** Tar bytes of a batch, put into a ring. */
export interface PackTask {
  readonly batch: Batch
  readonly ring: RingMemory
}

/** Bytes of tar of each segment of the batch. */
export type PackResult = readonly number[]

/** Reads the segments of a batch, checks each against its NAR hash, and fills the ring with their tar bytes. */
export function pack({ batch, ring }: PackTask): Promise<Outcome<PackResult>> {
  return outcomeOf(() => {
    let current = 0
    const pieces = createPieceWriter(openProducer(ring), () => current)
    const sizes = batch.segments.map((segment, i) => {
      current = i
      const packer = createSegmentPacker(segment.path.path.slice(1), pieces)
      readContents(segment.files, packer)
      const { narHash, tarSize } = packer.end()
      checkNarHash(segment, narHashFromBytes(narHash))
      return tarSize
    })
    pieces.end()
    return sizes
  })
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
  return outcomeOf(() => container.encode!(bytes, level))
}

function checkNarHash({ path, narHash }: StoreSegment, found: NarHash): void {
  if (found === narHash) return
  throw new ImageError(
    'NAR_HASH_MISMATCH',
    path.path,
    `${path.path}: its contents do not match its NAR hash: expected ${narHash}, got ${found}; ` +
      'the files were changed or are damaged: repair the path (nix-store --repair-path) or copy it again',
  )
}
