import { compressionOf, FORMATS, type ImageFormat } from '../../../src/compression.ts'
import type { EncodedBlock } from '../../../src/container/container.ts'
import { type BlockFormat, type Container, containerOf } from '../../../src/container/index.ts'

/** The formats that encode. */
export const ENCODING_FORMATS = FORMATS.filter(format => format !== 'tar')

/** The container of a format at a level. */
export function containerAt(format: ImageFormat, level = 1, arm64Branches = false): Container {
  return containerOf(compressionOf({ format, level, arm64Branches }))
}

function blocksOf(format: ImageFormat, level: number): BlockFormat {
  const { blocks } = containerAt(format, level)
  if (!blocks) throw new Error(`${format} has no blocks`)
  return blocks
}

/** A block, encoded. */
export async function encodeBlock(format: ImageFormat, bytes: Uint8Array, level = 1): Promise<EncodedBlock> {
  const block = await blocksOf(format, level).encode(bytes)
  // The pieces are the encoder's again with the next block.
  return { ...block, pieces: block.pieces.map(piece => piece.slice()) }
}

/** The bytes of a block in the file. */
export function bytesOfBlock(block: EncodedBlock): Buffer {
  return Buffer.concat(block.pieces)
}

/** A whole file of the given blocks. */
export async function fileOf(format: ImageFormat, blocks: readonly Uint8Array[], level = 1): Promise<Buffer> {
  const assembler = blocksOf(format, level).createAssembler()
  const parts = [assembler.begin()]
  for (const bytes of blocks) {
    const block = await encodeBlock(format, bytes, level)
    assembler.add(block)
    parts.push(bytesOfBlock(block))
  }
  return Buffer.concat([...parts, assembler.end()])
}

/** Bytes that no encoder can make smaller, the same ones every time. */
export function noise(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = seed
  for (let i = 0; i < length; i++) {
    // xorshift32
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[i] = state
  }
  return bytes
}

/** Text that every encoder can make smaller. */
export function prose(length: number): Uint8Array {
  const line = (i: number) => `${i}: the quick brown fox jumps over ${(i * 7919) % 1013} lazy dogs\n`
  const text = Array.from({ length: Math.ceil(length / 40) }, (_, i) => line(i)).join('')
  return new TextEncoder().encode(text).subarray(0, length)
}
