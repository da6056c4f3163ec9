/**
 * The store paths that bytes mention, found as Nix finds them (nix: src/libstore/references.cc, RefScanSink): in every run of
 * 32 digits of base 32 that is the digest of a path.
 */
import { NIXBASE32_ALPHABET, type StorePath } from '../nix/index.ts'

/** The digits of a digest. */
const LENGTH = 32

const NO_DIGIT = 255
const VALUES = new Uint8Array(256).fill(NO_DIGIT)
for (const [value, byte] of Buffer.from(NIXBASE32_ALPHABET).entries()) VALUES[byte] = value

/** What is looked for, made once for many searches. */
export interface DigestIndex {
  readonly paths: readonly StorePath[]
  /** Where in `paths` a digest is. */
  readonly places: ReadonlyMap<string, readonly number[]>
  /** By the first four digits of a window, whether any digest begins so: a million entries tell for a fraction of a lookup. */
  readonly begins: Uint8Array
}

/** Prepares to look for the digests of store paths. */
export function indexDigests(paths: readonly StorePath[]): DigestIndex {
  const places = new Map<string, number[]>()
  const begins = new Uint8Array(32 ** 4)
  for (const [i, { digest }] of paths.entries()) {
    const found = places.get(digest)
    if (found) found.push(i)
    else places.set(digest, [i])
    begins[beginOf(Buffer.from(digest), 0)] = 1
  }
  return { paths, places, begins }
}

/** The number that the four digits from `at` on make. */
function beginOf(bytes: Uint8Array, at: number): number {
  return (
    (VALUES[bytes[at]] << 15) | (VALUES[bytes[at + 1]] << 10) | (VALUES[bytes[at + 2]] << 5) | VALUES[bytes[at + 3]]
  )
}

/** A search for store paths in bytes that come in pieces. */
export interface Mentions {
  look(chunk: Uint8Array): void
  /** The paths that were mentioned so far, in the order in which they were given. */
  found(): StorePath[]
}

/** Begins to look. Neither this nor the work of `look` grows with the number of paths. */
export function createMentions({ paths, places, begins }: DigestIndex): Mentions {
  const seen = new Set<string>()
  let tail = Buffer.alloc(0)
  return {
    look(chunk) {
      if (seen.size === places.size) return
      const bytes = Buffer.concat([tail, chunk])
      // All bytes from `begin` on that are in front of `known` are digits.
      let known = 0
      for (let begin = 0; begin + LENGTH <= bytes.length; ) {
        const end = begin + LENGTH
        // From the end: no digest begins at or before a byte that is no digit.
        let at = end - 1
        while (at >= known && VALUES[bytes[at]] !== NO_DIGIT) at--
        if (at >= known) begin = at + 1
        else {
          if (begins[beginOf(bytes, begin)]) {
            const digits = bytes.toString('latin1', begin, end)
            if (places.has(digits)) seen.add(digits)
          }
          begin++
        }
        known = end
      }
      tail = Buffer.from(bytes.subarray(Math.max(0, bytes.length - LENGTH + 1)))
    },
    found() {
      const all = [...seen].flatMap(digest => places.get(digest) ?? [])
      return all.sort((a, b) => a - b).map(i => paths[i])
    },
  }
}
