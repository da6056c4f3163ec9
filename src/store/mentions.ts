/**
 * The store paths that bytes mention, found as Nix finds them (nix: src/libstore/references.cc, RefScanSink): in every run of
 * 32 digits of base 32 that is the digest of a path.
 */
import { NIXBASE32_ALPHABET, type StorePath } from '../nix/index.ts'

/** The digits of a digest. */
const LENGTH = 32

const IS_DIGIT = new Uint8Array(256)
for (const byte of Buffer.from(NIXBASE32_ALPHABET)) IS_DIGIT[byte] = 1

/** A search for store paths in bytes that come in pieces. */
export interface Mentions {
  look(chunk: Uint8Array): void
  /** The paths that were mentioned so far, in the order in which they were given. */
  found(): StorePath[]
}

/** Begins to look for the digests of store paths. The work of `look` does not grow with their number. */
export function createMentions(paths: readonly StorePath[]): Mentions {
  const missing = new Set(paths.map(({ digest }) => digest))
  let tail = Buffer.alloc(0)
  return {
    look(chunk) {
      if (missing.size === 0) return
      const bytes = Buffer.concat([tail, chunk])
      let begin = 0
      while (begin + LENGTH <= bytes.length) {
        // From the end: no digest begins at or before a byte that is no digit.
        let at = begin + LENGTH - 1
        while (at >= begin && IS_DIGIT[bytes[at]]) at--
        if (at >= begin) begin = at + 1
        else {
          missing.delete(bytes.toString('latin1', begin, begin + LENGTH))
          begin++
        }
      }
      tail = Buffer.from(bytes.subarray(Math.max(0, bytes.length - LENGTH + 1)))
    },
    found: () => paths.filter(({ digest }) => !missing.has(digest)),
  }
}
