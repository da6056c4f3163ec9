/**
 * The jobs that run on worker threads. Arguments and results are plain data or shared memory: never views of memory, since Deno
 * (2.9) looks for message ports in all that comes, byte by byte, which takes ten seconds for a block.
 */
import { createHash } from 'node:crypto'
import { workerData } from 'node:worker_threads'
import { encodeText } from '../bytes/index.ts'
import type { ImageCompression } from '../compression.ts'
import { type BlockRecord, containerOf } from '../container/index.ts'
import { describeUrl } from '../describe-url.ts'
import { ImageError } from '../image-error.ts'
import { loadHttp } from '../nar-file/index.ts'
import { createNarHasher } from '../nar-hasher.ts'
import type { NarHash } from '../nix/index.ts'
import type { Batch, StoreSegment } from '../plan/index.ts'
import { type ClaimsMemory, claimNumbers, openProducer, type RingMemory, serveJobs } from '../pool/index.ts'
import { sha256Hex } from '../sha256.ts'
import { createSupply, type Supply, type SupplyOptions } from '../store/index.ts'
import { createHeaderScan } from '../untar/index.ts'
import { decodeLoneBlock } from '../xz/index.ts'
import { claimAhead } from './claim-ahead.ts'
import { createPieceWriter, createSegmentPacker, type PieceWriter } from './segment-packer.ts'
import { stopWordOf, type UnpackTask } from './unpack-task.ts'

/** A share of the batches to pack. */
export interface PackTask {
  readonly batches: readonly Batch[]
  /** Which of them is packed by whom. */
  readonly claims: ClaimsMemory
  /** Who claims here. */
  readonly lane: number
  /** Where the tar bytes go, batch after batch. */
  readonly ring: RingMemory
  /** In pieces of so many bytes. */
  readonly pieceSize: number
  readonly supply: SupplyOptions
  /** Where bytes that were read from NAR files are counted: one 64-bit number. */
  readonly fetched: SharedArrayBuffer
  /** Where the bytes of tar of each segment of the image go, before the last piece of its batch: a float of 64 bits each. */
  readonly tarSizes: SharedArrayBuffer
}

/** What a thread has found out while it packed. */
export interface PackReport {
  /** As {@link Supply.mislabelling}. */
  readonly mislabelling: readonly string[]
}

/** Reads the segments of batches, checks each against its NAR hash, and fills the ring with their tar bytes. */
async function pack(task: PackTask): Promise<PackReport> {
  const { batches, claims, lane, ring, pieceSize } = task
  const tarSizes = new Float64Array(task.tarSizes)
  const fetched = new BigInt64Array(task.fetched)
  const supply = createSupply(task.supply, { onBytes: count => Atomics.add(fetched, 0, BigInt(count)) })
  // The thread whose pieces come first may be refused a connection until this one holds none.
  const producer = openProducer(ring, () => supply.release())
  try {
    for (const batch of claimAhead(batches, claimNumbers(claims, lane), supply)) {
      let current = 0
      const pieces = createPieceWriter(producer, pieceSize, () => current)
      for (const [i, segment] of batch.segments.entries()) {
        current = i
        tarSizes[batch.first + i] = await packSegment(segment, supply, pieces)
      }
      pieces.end()
    }
    return { mislabelling: [...supply.mislabelling] }
  } finally {
    await supply.close()
  }
}

/** Store paths to verify. */
export interface VerifyTask {
  readonly segments: readonly StoreSegment[]
  readonly supply: SupplyOptions
}

/** Reads segments for nothing but their NAR hashes, and checks them. */
async function verify({ segments, supply: options }: VerifyTask): Promise<void> {
  const supply = createSupply(options)
  const room = new Uint8Array(64 * 1024)
  try {
    for (const segment of segments) {
      const nar = createNarHasher()
      const url = await supply.read(segment, {
        ...nar,
        room: () => room,
        advance: length => nar.data(room.subarray(0, length)),
      })
      checkNar(segment, url, nar.end())
    }
  } finally {
    await supply.close()
  }
}

async function packSegment(segment: StoreSegment, supply: Supply, pieces: PieceWriter): Promise<number> {
  const packer = createSegmentPacker(encodeText(segment.path.path.slice(1)), pieces)
  const url = await supply.read(segment, packer)
  const { tarSize, ...found } = packer.end()
  checkNar(segment, url, found)
  return tarSize
}

/** A block to encode: the first `length` bytes of a slot. The encoded block takes their place. */
export interface EncodeTask {
  readonly slot: { readonly memory: SharedArrayBuffer; readonly offset: number; readonly size: number }
  readonly length: number
  readonly compression: ImageCompression
}

/** A block in its slot. */
export interface SlotBlock extends BlockRecord {
  /** Bytes of the slot that it fills. */
  readonly size: number
  /** SHA-256 of these bytes, lower-case base 16. */
  readonly sha256: string
}

/** Encodes a block in its slot, so that none of its bytes are posted, nor outlive it. */
function encode({ slot: { memory, offset, size: slotSize }, length, compression }: EncodeTask): SlotBlock {
  const slot = new Uint8Array(memory, offset, slotSize)
  const { pieces, ...record } = containerOf(compression).blocks!.encode(slot.subarray(0, length))
  let size = 0
  for (const piece of pieces) {
    slot.set(piece, size)
    size += piece.length
  }
  return { ...record, size, sha256: sha256Hex(slot.subarray(0, size)) }
}

/** A block to decode, in memory that both threads share: its bytes lie behind the room for its data. */
export interface DecodeTask {
  readonly memory: SharedArrayBuffer
  readonly record: BlockRecord
  readonly compression: ImageCompression
}

/** Decodes a block in its memory; `false` where the bytes are not the block that the record says. */
function decode({ memory, record, compression }: DecodeTask): boolean {
  const bytes = new Uint8Array(memory, record.uncompressedSize)
  try {
    const tar = containerOf(compression).blocks!.decode(bytes, record)
    new Uint8Array(memory).set(tar)
    return tar.length === record.uncompressedSize
  } catch {
    return false
  }
}

/** Decodes a block of any .xz file, in its memory. Returns how many bytes of data it has decoded. Throws `XzError`. */
function unpack({ memory, size, record, check, onlyHeaders }: UnpackTask): number {
  const { uncompressedSize } = record
  const data = new Uint8Array(memory, 0, uncompressedSize)
  const bytes = new Uint8Array(memory, uncompressedSize, size)
  const stop = stopWordOf(memory)
  const isBehindHeaders = createHeaderScan(uncompressedSize)
  return decodeLoneBlock(bytes, record, check, {
    data,
    isEnough: decoded => onlyHeaders && (isBehindHeaders(decoded) || Atomics.load(stop, 0) !== 0),
    verifyData: !onlyHeaders,
    createSha256: () => createHash('sha256'),
  }).length
}

/** Compares a store path with what was read of it, from the NAR file at `url` or else from disk. */
function checkNar(
  { path, narHash, narSize }: StoreSegment,
  url: string | undefined,
  found: { readonly narHash: NarHash; readonly narSize: number },
): void {
  if (found.narHash !== narHash) {
    const [from, advice] =
      url !== undefined
        ? [` from ${describeUrl(url)}`, 'the file was changed or is damaged: put it there again, or use another source']
        : ['', 'the files were changed or are damaged: repair the path (nix-store --repair-path) or copy it again']
    throw new ImageError(
      'NAR_HASH_MISMATCH',
      path.path,
      `${path.path}: its contents${from} do not match its NAR hash: expected ${narHash}, got ${found.narHash}; ${advice}`,
    )
  }
  if (found.narSize !== narSize) {
    throw new ImageError(
      'NAR_SIZE_MISMATCH',
      path.path,
      `${path.path}: its NAR has ${found.narSize} bytes, not ${narSize} as its registration says; register it again`,
    )
  }
}

/** What a thread is started with. */
export interface WorkerData {
  /** Whether it asks servers. */
  readonly fetches: boolean
}

// A module that fails for lack of descriptors fails for ever in its thread: so the pool replaces the thread, or drops it.
const { fetches } = (workerData ?? {}) as Partial<WorkerData>
void serveJobs({ pack, verify, encode, decode, unpack }, fetches ? loadHttp() : undefined)
