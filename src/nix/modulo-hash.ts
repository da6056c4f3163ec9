/**
 * The hash of a NAR that holds its own store path: that of its bytes with zeros in the places of the path's digest, which
 * is not known before the hash is (nix: src/libstore/references.cc, HashModuloSink).
 *
 *     hashed = NAR with 32 zero bytes in each place of DIGEST, { "|" OFFSET }      Nix up to 2.16
 *            | NAR with 32 zero bytes in each place of DIGEST                      from 2.17 on, which leaves OFFSETs out
 */
import { concatBytes, encodeByteString, encodeText } from '../bytes/index.ts'
import { createHash } from './crypto.ts'

/** Most places of the digest; no package has a hundredth of them. Their offsets have to be held until the end. */
const PLACES_MAX = 1_000_000

/** A hash in the making. */
export interface ModuloHash {
  /** Takes the next bytes of the NAR. */
  update(bytes: Uint8Array): void
  /** The hashes that Nix gives such a NAR, one version or another; none where the digest stands in too many places. */
  digests(): Uint8Array[]
}

/** Begins to hash a NAR of the store path whose base name begins with `digest`. */
export function createModuloHash(algorithm: string, digest: string): ModuloHash {
  const hash = createHash(algorithm)
  const place = encodeByteString(encodeText(digest))
  const zeros = new Uint8Array(digest.length)
  const offsets: number[] = []
  /** Bytes that are hashed, and those behind them that may be the beginning of the digest. */
  let hashed = 0
  let tail = new Uint8Array()
  const take = (bytes: Uint8Array) => {
    hash.update(bytes)
    hashed += bytes.length
  }
  return {
    update(bytes) {
      const text = concatBytes([tail, bytes])
      let begin = 0
      for (let at = indexOf(text, place, 0); at >= 0; at = indexOf(text, place, begin)) {
        take(text.subarray(begin, at))
        if (offsets.length <= PLACES_MAX) offsets.push(hashed)
        take(zeros)
        begin = at + digest.length
      }
      const end = Math.max(begin, text.length - digest.length + 1)
      take(text.subarray(begin, end))
      tail = text.slice(end)
    },
    digests() {
      take(tail)
      if (offsets.length > PLACES_MAX) return []
      const withOffsets = hash.copy()
      for (const offset of offsets) withOffsets.update(`|${offset}`)
      return [withOffsets.digest(), hash.digest()]
    },
  }
}

/** Where `wanted` stands in `bytes`, from `start` on; -1 if it does not. */
function indexOf(bytes: Uint8Array, wanted: Uint8Array, start: number): number {
  for (let at = bytes.indexOf(wanted[0], start); at >= 0; at = bytes.indexOf(wanted[0], at + 1)) {
    if (wanted.every((byte, i) => bytes[at + i] === byte)) return at
  }
  return -1
}
