import type { FileChunk } from '../produce/index.ts'
import type { ManifestBlock } from './manifest.ts'

/** Where the blocks of an image file are, noted as its chunks come. */
export interface BlockMap {
  readonly blocks: readonly ManifestBlock[]
  /** Bytes of the file so far. */
  readonly size: number
  add(chunk: FileChunk): void
  /** Begins anew. */
  clear(): void
}

export function createBlockMap(): BlockMap {
  const blocks: ManifestBlock[] = []
  let size = 0
  let tarOffset = 0
  return {
    blocks,
    get size() {
      return size
    },
    add({ bytes, block }) {
      size += bytes.length
      if (!block) return
      blocks.push({ offset: size - block.size, size: block.size, tarOffset, tarSize: block.uncompressedSize })
      tarOffset += block.uncompressedSize
    },
    clear() {
      blocks.length = 0
      size = 0
      tarOffset = 0
    },
  }
}
