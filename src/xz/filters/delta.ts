/**
 * Delta (xz-file-format 1.2, section 5.3.3, filter 0x03): of each byte, the difference to the one `distance` bytes before it.
 * What would be before the first byte is zero.
 */
import type { FilterDecoder } from './filter-decoder.ts'

/** A decoder for Delta over a distance of 1 to 256 bytes. All bytes that it is given are final. */
export function createDeltaDecoder(distance: number): FilterDecoder {
  /** The last `distance` bytes, in a ring. */
  const last = new Uint8Array(distance)
  let next = 0
  return {
    decode(bytes) {
      for (let at = 0; at < bytes.length; at++) {
        const byte = bytes[at] + last[next]
        bytes[at] = byte
        last[next] = byte
        next = next + 1 === distance ? 0 : next + 1
      }
      return bytes.length
    },
  }
}
