/** Contents of files, by their digests, and as texts within bounds. */
import { createHash, type Hash, hash } from 'node:crypto'
import { growingMemory, reserveMemory } from '../../tree/index.ts'
import { decodeTextFile } from './text-diff.ts'

/** Bytes of texts of an image that are in memory. */
const TEXTS_MAX = 4 * 1024 * 1024

/** Bytes of a digest. */
const DIGEST_SIZE = 32

/** A text, or why there is none. */
export type FileText = { readonly text: string } | { readonly withoutDiff: 'binary' | 'large' }

/** The contents of a file. */
export interface ReadContents {
  readonly digest: Uint8Array
  readonly text: FileText
}

/** Digests of files by number: flat, as there may be a million. */
export interface Digests {
  set(id: number, digest: Uint8Array): void
  isEqual(id: number, digest: Uint8Array): boolean
}

/** Makes a list without digests, for numbers below `most`. */
export function createDigests(most: number): Digests {
  const memory = growingMemory(most * DIGEST_SIZE)
  const bytes = new Uint8Array(memory)
  return {
    set(id, digest) {
      reserveMemory(memory, (id + 1) * DIGEST_SIZE)
      bytes.set(digest, id * DIGEST_SIZE)
    },
    isEqual(id, digest) {
      return digest.every((byte, i) => bytes[id * DIGEST_SIZE + i] === byte)
    },
  }
}

/** The digest of `size` bytes that come in pieces. */
export async function digestOf(pieces: AsyncIterable<Uint8Array>, size: number): Promise<Uint8Array> {
  let digest: Hash | undefined
  for await (const piece of pieces) {
    // Most files are one piece, and need no object that takes more.
    if (piece.length === size) return hash('sha256', piece, 'buffer')
    digest ??= createHash('sha256')
    digest.update(piece)
  }
  return (digest ?? createHash('sha256')).digest()
}

/** Reads files one after the other; of all their texts, 4 MiB are kept. */
export function createContentsReader() {
  let left = TEXTS_MAX
  return {
    /** Digest and text of a file of `size` bytes; only its digest unless `isReadable`. */
    async read(pieces: AsyncIterable<Uint8Array>, size: number, isReadable: boolean): Promise<ReadContents> {
      if (!isReadable || size > left) return { digest: await digestOf(pieces, size), text: { withoutDiff: 'large' } }
      const kept: Uint8Array[] = []
      // The memory of a piece is used again.
      for await (const piece of pieces) kept.push(new Uint8Array(piece))
      const bytes = Buffer.concat(kept)
      const digest = hash('sha256', bytes, 'buffer')
      const text = decodeTextFile(bytes)
      if (text === undefined) return { digest, text: { withoutDiff: 'binary' } }
      return { digest, text: { text } }
    },
    /** Counts a text that is kept. */
    keep(text: FileText): FileText {
      if ('text' in text) left -= text.text.length
      return text
    },
  }
}
