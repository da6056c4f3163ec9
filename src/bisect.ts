/** By bisection, the index of the first item for which `holds`, as it does for all behind it; the number of items if it holds for none. */
export function firstIndexWhere<T>(items: readonly T[], holds: (item: T) => boolean): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (holds(items[middle])) high = middle
    else low = middle + 1
  }
  return low
}
