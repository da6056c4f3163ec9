/**
 * Memory that grows in place. To copy numbers into a larger array leaves the smaller one behind until it is collected: with a
 * million paths, that was a quarter of all memory.
 */

/** Bytes in the beginning. */
const CAPACITY = 4096

/** Makes memory of zeros that can grow to `most` bytes: an array of numbers over all of it grows with it. */
export function growingMemory(most: number): ArrayBuffer {
  return new ArrayBuffer(Math.min(CAPACITY, most), { maxByteLength: most })
}

/** Sees to it that there are `size` bytes, at most those that the memory can grow to. */
export function reserveMemory(memory: ArrayBuffer, size: number): void {
  if (size > memory.byteLength) memory.resize(Math.min(memory.maxByteLength, Math.max(size, 2 * memory.byteLength)))
}
