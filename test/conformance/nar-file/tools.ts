import { execFileSync } from 'node:child_process'
import { decompress } from '../../../src/nar-file/decompress.ts'

/** What a program makes of bytes on its standard input. */
export function pipeThrough(bytes: Uint8Array, program: string, ...args: string[]): Buffer {
  return execFileSync(program, args, {
    input: bytes,
    maxBuffer: Number.POSITIVE_INFINITY,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
}

/** Bytes in pieces of a size. */
export async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

/** What a file unpacks to. */
export async function unpacked(file: Uint8Array, stated: string, pieceSize = 65536, narSize?: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of decompress(inPieces(file, pieceSize), stated, narSize)) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}
