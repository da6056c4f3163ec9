import {
  type BatchRecord,
  type BlockCache,
  type BlockFacts,
  type CachedBlock,
  getBlock,
  getRecord,
  putBlock,
  putRecord,
  type Room,
  recordKey,
} from '../block-cache/index.ts'
import { inParallel } from '../in-parallel.ts'
import { type Batch, narSizeOf, type PreparedImage, type StoreSegment } from '../plan/index.ts'
import { TAR_BLOCK_SIZE } from '../tar/index.ts'
import { VERSION } from '../version.ts'
import { readAhead } from './look-ahead.ts'
import type { PackedSizes } from './packing.ts'

/** Blocks that are being read while one is on its way into the file. */
const READS_AHEAD = 2

/** Records that are asked for at a time: a cache may be a server. */
const LOOK_UPS = 16

/** The blocks of an image's batches in a cache. */
export interface CachedBatches {
  /** The batches whose blocks are there. */
  readonly records: ReadonlyMap<Batch, BatchRecord>
  /** The bytes of a block that a record names; `undefined` if they were lost. To be asked for in the order of the image. */
  get(block: CachedBlock): Promise<Uint8Array | undefined>
  /** Keeps a block, the next one of its batch. */
  add(batch: Batch, bytes: Uint8Array, facts: BlockFacts): Promise<void>
  /** Says that all blocks of a batch were added, and every byte of it verified. */
  complete(batch: Batch): Promise<void>
}

/** Says whether the blocks that a record names hold the batch; with `verifyCache` of the options of a build. */
export type VerifyBatch = (batch: Batch, record: BatchRecord) => Promise<boolean>

/** How to look batches up. */
export interface LookUpOptions {
  /** Where the sizes of those that are there are filled in. */
  readonly sizes: PackedSizes
  /** Memory for the bytes of blocks. */
  readonly room: Room
  /** Only those that it finds sound are there, of `atOnce` that are verified at a time. */
  readonly verify: { readonly batch: VerifyBatch; readonly atOnce: number } | undefined
}

/** Looks the batches of an image up. */
export async function lookUpBatches(
  cache: BlockCache,
  batches: readonly Batch[],
  image: Pick<PreparedImage, 'compression' | 'container'>,
  { sizes, room, verify }: LookUpOptions,
): Promise<CachedBatches> {
  const records = new Map<Batch, BatchRecord>()
  const keyOf = ({ segments }: Batch) => {
    return recordKey(...identityOf(image), ...segments.flatMap(identityOfSegment))
  }
  const lookUp = async (batch: Batch) => {
    const record = await getRecord(cache, keyOf(batch))
    if (record && fits(record, batch)) records.set(batch, record)
  }
  await inParallel(batches, LOOK_UPS, lookUp)
  if (verify) await keepSound(records, verify)
  for (const [batch, { tarSizes }] of records) {
    sizes.segments.set(tarSizes, batch.first)
    sizes.cachedNars += narSizeOf(batch)
  }

  const blocks = batches.flatMap(batch => records.get(batch)?.blocks ?? [])
  const added = new Map<Batch, (CachedBlock | undefined)[]>()
  return {
    records,
    get: readAhead(blocks, READS_AHEAD, block => getBlock(cache, block, room)),
    async add(batch, bytes, facts) {
      const blocks = added.get(batch) ?? []
      added.set(batch, blocks)
      blocks.push(await putBlock(cache, bytes, facts))
    },
    async complete(batch) {
      const kept = added.get(batch)!
      added.delete(batch)
      const blocks = kept.filter(block => block !== undefined)
      if (blocks.length < kept.length) return
      const tarSizes = [...sizes.segments.subarray(batch.first, batch.first + batch.segments.length)]
      await putRecord(cache, keyOf(batch), { blocks, tarSizes })
    },
  }
}

/** Verifies records, and drops those that are not sound. */
async function keepSound(
  records: Map<Batch, BatchRecord>,
  verify: { readonly batch: VerifyBatch; readonly atOnce: number },
): Promise<void> {
  await inParallel([...records], verify.atOnce, async ([batch, record]) => {
    if (!(await verify.batch(batch, record))) records.delete(batch)
  })
}

/** All that decides the blocks of a batch, besides its store paths: another version may pack in another way. */
function identityOf({ compression, container }: Pick<PreparedImage, 'compression' | 'container'>): string[] {
  return [`nspawn-rootfs ${VERSION}`, compression.format, `${container.blockSize}`, container.description]
}

/**
 * Its store path and NAR hash; and its content check, if only that makes it trusted: blocks that were kept without the check do
 * not prove it.
 */
function identityOfSegment({ path, narHash, narSize, contents }: StoreSegment): string[] {
  const check = contents.type === 'nar' ? contents.contentCheck : undefined
  if (!check) return [path.path, narHash, `${narSize}`]
  const { over, algorithm, digest } = check
  return [path.path, narHash, `${narSize}`, `${over}:${algorithm}:${Buffer.from(digest).toString('hex')}`]
}

function fits({ blocks, tarSizes }: BatchRecord, { segments }: Batch): boolean {
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0)
  // A segment has a header at least.
  const whole = tarSizes.every(size => size > 0 && size % TAR_BLOCK_SIZE === 0)
  return (
    whole && tarSizes.length === segments.length && sum(tarSizes) === sum(blocks.map(block => block.uncompressedSize))
  )
}
