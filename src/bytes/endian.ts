/** Little-endian integers at an offset of a byte array. Offsets are not checked beyond what `DataView` checks. */

/** Reads 32 bits as an unsigned number. */
export function readU32le(bytes: Uint8Array, offset: number): number {
  return view(bytes).getUint32(offset, true)
}

/** Writes the low 32 bits of `value`. */
export function writeU32le(bytes: Uint8Array, offset: number, value: number): void {
  view(bytes).setUint32(offset, value, true)
}

/** Reads 64 bits as a number; `undefined` where it is too large to be exact (2^53 and more). */
export function readU64le(bytes: Uint8Array, offset: number): number | undefined {
  const value = view(bytes).getBigUint64(offset, true)
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : undefined
}

/** Writes a safe non-negative integer as 64 bits. */
export function writeU64le(bytes: Uint8Array, offset: number, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not an unsigned 64-bit integer: ${value}`)
  const target = view(bytes)
  target.setUint32(offset, value % 0x1_0000_0000, true)
  target.setUint32(offset + 4, Math.floor(value / 0x1_0000_0000), true)
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
