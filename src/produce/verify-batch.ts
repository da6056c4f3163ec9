import { type BatchRecord, type BlockCache, getBlock } from '../block-cache/index.ts'
import type { Batch, PreparedImage } from '../plan/index.ts'
import type { Threads } from '../pool/index.ts'
import type { VerifyBatch } from './cached-batches.ts'
import { createSegmentCheck } from './segment-check.ts'
import type { DecodeTask } from './worker.ts'

/** What to verify batches with. */
export interface VerifyOptions extends Pick<PreparedImage, 'compression' | 'container'> {
  readonly cache: BlockCache
  /** Threads that decode blocks. */
  readonly decoders: Threads
  /** Called for a batch whose blocks hold something else than its store paths. */
  readonly onMismatch: (batch: Batch) => void
}

/** Verifies batches against their NAR hashes, by decoding their blocks. */
export function createBatchVerifier(options: VerifyOptions): VerifyBatch {
  return async (batch, record) => {
    // For these the NAR hash is only what somebody says: their contents have to be read for the check.
    if (batch.segments.some(({ contents }) => contents.type === 'nar' && contents.contentCheck)) return false
    const verdict = await verify(batch, record, options)
    if (verdict === 'wrong') options.onMismatch(batch)
    return verdict === 'sound'
  }
}

async function verify(
  { segments }: Batch,
  { blocks, tarSizes }: BatchRecord,
  { cache, decoders, compression, container }: VerifyOptions,
): Promise<'sound' | 'wrong' | 'lost'> {
  const check = createSegmentCheck(segments.map((segment, i) => ({ segment, tarSize: tarSizes[i] })))
  for (const block of blocks) {
    if (block.uncompressedSize > container.blockSize) return 'wrong'
    const bytes = await getBlock(cache, block)
    if (!bytes) return 'lost'
    const { uncompressedSize, note } = block
    const memory = new SharedArrayBuffer(uncompressedSize + bytes.length)
    new Uint8Array(memory, uncompressedSize).set(bytes)
    const task: DecodeTask = { memory, record: { uncompressedSize, note }, compression }
    const isDecoded = await decoders.run<boolean>('decode', task)
    if (!isDecoded || !check.push(new Uint8Array(memory, 0, uncompressedSize))) return 'wrong'
  }
  return check.end() ? 'sound' : 'wrong'
}
