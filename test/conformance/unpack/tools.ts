import { execFileSync } from 'node:child_process'
import { type Compression, createByteInput, unpack } from '../../../src/unpack/index.ts'

/** What a program makes of bytes on its standard input. */
export function pipeThrough(bytes: Uint8Array, program: string, ...args: string[]): Buffer {
  return execFileSync(program, args, {
    input: bytes,
    maxBuffer: Number.POSITIVE_INFINITY,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
}

/** Bytes in pieces of a size. */
async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

/** What a file unpacks to, which should be of `size` bytes. */
export async function unpacked(
  file: Uint8Array,
  compression: Compression,
  pieceSize = 65536,
  size?: number,
): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  const input = createByteInput(inPieces(file, pieceSize))
  for await (const chunk of unpack(input, { compression, size })) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}
