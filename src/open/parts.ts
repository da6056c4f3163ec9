import type { ImageSource } from '../image-source/index.ts'
import { UNPACK_LIMITS } from '../unpack/index.ts'

/** Whether a file has more blocks or frames than any honest one: to begin anew for each takes longer than to read all in order. */
export function areTooMany(parts: number, { size }: Pick<ImageSource, 'size'>): boolean {
  return parts > UNPACK_LIMITS.parts + size / UNPACK_LIMITS.bytesPerPart
}
