/** How many bytes are equal at the addresses `a` and `b`, from `known` on (which are known to be) up to `limit`. */
export function equalBytes(a: i32, b: i32, known: i32, limit: i32): i32 {
  let length = known
  while (length < limit) {
    const difference = load<u64>(a + length) ^ load<u64>(b + length)
    if (difference !== 0) return min(length + (<i32>ctz(difference) >>> 3), limit)
    length += 8
  }
  return limit
}
