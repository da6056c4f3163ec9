/** CRC-32 as in bzip2: polynomial 0x04C11DB7, the most significant bit first, start and end inverted. */

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24
  for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1
  return crc
})

/** The start of a CRC. */
export const CRC_START = -1

/** A CRC so far with more bytes, neither of them inverted. */
export function updateCrc(crc: number, bytes: Uint8Array, end: number): number {
  let value = crc
  for (let at = 0; at < end; at++) value = (value << 8) ^ TABLE[(value >>> 24) ^ bytes[at]!]!
  return value
}
