/** Parts of a tar and of the file that it is compressed to. Offsets and sizes are in bytes; lists are in the order of the tar. */

/** A part of a tar. */
export interface TarPart {
  readonly tarOffset: number
  readonly tarSize: number
}

/** Where a part ends in the tar. */
export function tarEndOf({ tarOffset, tarSize }: TarPart): number {
  return tarOffset + tarSize
}

/** Those parts that have bytes between two offsets in the tar. */
export function partsBetween<T extends TarPart>(parts: readonly T[], start: number, end: number): T[] {
  const first = firstIndexWhere(parts, part => tarEndOf(part) > start)
  const behind = firstIndexWhere(parts, part => part.tarOffset >= end)
  return parts.slice(first, behind)
}

/** Whether parts are all bytes of a tar of `size` bytes, each once and in order. */
export function coverTar(parts: readonly TarPart[], size: number): boolean {
  return coverFile(
    parts.map(({ tarOffset, tarSize }) => ({ offset: tarOffset, size: tarSize })),
    size,
  )
}

/** Whether parts are all bytes of a file of `size` bytes, each once and in order. */
export function coverFile(parts: readonly { readonly offset: number; readonly size: number }[], size: number): boolean {
  let end = 0
  for (const part of parts) {
    if (part.offset !== end) return false
    end += part.size
  }
  return end === size
}

/** By bisection, the index of the first item for which `holds`, as it does for all behind it; else the number of items. */
function firstIndexWhere<T>(items: readonly T[], holds: (item: T) => boolean): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (holds(items[middle])) high = middle
    else low = middle + 1
  }
  return low
}
