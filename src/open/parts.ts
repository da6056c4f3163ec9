import type { ImageSource } from '../image-source/index.ts'
import type { TarPart } from '../manifest/index.ts'
import { UNPACK_LIMITS } from '../unpack/index.ts'

/** A part of an archive that is unpacked on its own, and where it is in the image file. */
export interface TarBlock extends TarPart {
  readonly offset: number
  readonly size: number
}

/** Whether a file has more blocks or frames than any honest one: to begin anew for each takes longer than to read all in order. */
export function areTooMany(parts: number, { size }: Pick<ImageSource, 'size'>): boolean {
  return parts > UNPACK_LIMITS.parts + size / UNPACK_LIMITS.bytesPerPart
}
