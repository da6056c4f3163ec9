/**
 * How an image is compressed: the tar bytes come in pieces, each piece becomes a block on a worker, and the blocks are
 * put together, in order, into one file.
 */
export interface Container {
  /** The suffix of image files, such as `.tar.xz`. */
  readonly suffix: string
  /**
   * Bytes of tar in a block, a multiple of 512; the last block of a batch has less. It bounds memory, and it shapes the
   * file: changing it changes every image.
   */
  readonly blockSize: number
  /** Names the encoder and what shapes its output, for the manifest. */
  readonly description: string
  /** Makes blocks of pieces; absent where the pieces are the file. */
  readonly blocks?: BlockFormat
}

/** How pieces become blocks, and blocks a file. */
export interface BlockFormat {
  /** Encodes a block; runs on a worker. `bytes` are only read. */
  encode(bytes: Uint8Array): EncodedBlock
  /**
   * Decodes a block; runs on a worker. Throws for bytes that are not one whole block of which `record` is true: with what
   * stands beside them in a file, they would mean something else. `uncompressedSize` bounds the memory it takes.
   */
  decode(bytes: Uint8Array, record: BlockRecord): Uint8Array
  /** Starts a file. */
  createAssembler(): Assembler
}

/** Facts of a block that the container keeps for its index. */
export interface BlockRecord {
  /** Bytes of tar in it. */
  readonly uncompressedSize: number
  /** See each container. */
  readonly note: number
}

/** A block as it stands in the file. */
export interface EncodedBlock extends BlockRecord {
  /** In order. They hold until the next block is encoded on this thread: copy what has to last. */
  readonly pieces: readonly Uint8Array[]
}

/** Bytes that an encoded block may have more than its tar bytes: no encoder here adds a thousandth to what it cannot compress. */
export function blockCapacity(blockSize: number): number {
  return blockSize + Math.ceil(blockSize / 1000) + 1024
}

/** Puts blocks together. */
export interface Assembler {
  /** The bytes before the first block. */
  begin(): Uint8Array
  /** Notes a block that was written. */
  add(block: BlockRecord): void
  /** The bytes behind the last block. */
  end(): Uint8Array
}
