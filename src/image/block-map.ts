import type { FileLayout } from '../manifest/index.ts'
import type { FileChunk } from '../produce/index.ts'

/** Where the blocks of an image file are, and what else is in it, noted as its chunks come. */
export interface BlockMap {
  readonly layout: FileLayout
  /** Bytes of the file so far. */
  readonly size: number
  add(chunk: FileChunk): void
  /** Forgets all chunks. */
  clear(): void
}

export function createBlockMap(): BlockMap {
  const blocks: FileLayout['blocks'][number][] = []
  const framing: FileLayout['framing'][number][] = []
  let size = 0
  let tarOffset = 0
  return {
    layout: { blocks, framing },
    get size() {
      return size
    },
    add({ bytes, block, framing: run }) {
      size += bytes.length
      if (run) framing.push({ offset: size - run.size, ...run })
      if (!block) return
      const { size: blockSize, uncompressedSize: tarSize, sha256 } = block
      const place = { offset: size - blockSize, size: blockSize, tarOffset, tarSize }
      blocks.push(sha256 === undefined ? place : { ...place, sha256 })
      tarOffset += tarSize
    },
    clear() {
      blocks.length = 0
      framing.length = 0
      size = 0
      tarOffset = 0
    },
  }
}
