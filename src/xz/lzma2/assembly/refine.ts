import { equalBytes } from './compare.ts'
import { COUNTERS, GROUP_SIZES, INPUT, links, SMALL_GROUP, VALUES } from './memory.ts'

/**
 * Refines a bucket of the radix match finder: its positions are split by one byte after the other, most significant
 * first and stably, into groups that share more and more. A position's link is set once, where it is the first of its
 * group, to the position before it in the group above; all others get a longer one further down.
 *
 * All positions of a group may share many more bytes: those are skipped, eight at a time. So periodic data, whose groups
 * never fall apart, costs an eighth of the depth in reads.
 */

/** Groups of so many positions are compared each with each. */
const SMALL: i32 = 16

/** To what length positions are told apart, at most 248. */
let depth: i32 = 32
/** Where sizes of groups go: those of the levels above are below it. */
let sizesEnd: i32 = GROUP_SIZES

export function setDepth(value: i32): void {
  depth = value
}

/** Another order of the values of the next four bytes: the product with an odd number loses nothing. */
export function product(address: i32): u32 {
  return load<u32>(address) * 0x9e37_79b1
}

function link(position: i32, earlier: i32, length: i32): void {
  store<i32>(links + (position << 2), earlier | (length << 24))
}

function noLink(position: i32): void {
  store<i32>(links + (position << 2), 0)
}

/** Links all positions of a bucket; `list` and `other` have room for `count`, and both are overwritten. */
export function refineBucket(list: i32, other: i32, count: i32): void {
  if (count <= SMALL) {
    noLink(load<i32>(list))
    if (count > 1) linkSmall(list, count, 0)
    return
  }
  memory.fill(COUNTERS, 0, 1024)
  sizesEnd = GROUP_SIZES
  splitByProduct(list, other, count, 8)
}

/** Splits by a byte of the product: after the bytes at 8 and at 0, all of a group have the same four bytes. */
function splitByProduct(list: i32, other: i32, count: i32, shift: i32): void {
  let values = 0
  const end = list + (count << 2)
  for (let at = list; at < end; at += 4) {
    const position = load<i32>(at)
    const value = (product(INPUT + position) >>> shift) & 255
    const counter = COUNTERS + (value << 2)
    const size = load<i32>(counter)
    if (size === 0) {
      store<u8>(VALUES + values++, <u8>value)
      noLink(position)
    }
    store<i32>(counter, size + 1)
  }
  const sizes = beginGroups(values)
  let cursor = 0
  for (let i = 0; i < values; i++) cursor = beginGroup(sizes, i, cursor)
  for (let at = list; at < end; at += 4) {
    const position = load<i32>(at)
    const counter = COUNTERS + (((product(INPUT + position) >>> shift) & 255) << 2)
    const offset = load<i32>(counter)
    store<i32>(other + offset, position)
    store<i32>(counter, offset + 4)
  }
  clearCounters(values)
  let offset = 0
  for (let i = 0; i < values; i++) {
    const size = load<i32>(sizes + (i << 2))
    if (size > 1) {
      if (size <= SMALL) linkSmall(other + offset, size, 0)
      else {
        const common = commonBytes(other + offset, size, 0)
        if (common >= 4) splitGroup(other + offset, list + offset, size, common)
        else if (shift === 0) splitGroup(other + offset, list + offset, size, 4)
        else splitByProduct(other + offset, list + offset, size, 0)
      }
    }
    offset += size << 2
  }
  sizesEnd = sizes
}

function beginGroups(values: i32): i32 {
  const sizes = sizesEnd
  sizesEnd = sizes + (values << 2)
  return sizes
}

/** Notes the size of the group of a value and makes its counter its cursor. Returns the offset behind the group. */
function beginGroup(sizes: i32, i: i32, offset: i32): i32 {
  const counter = COUNTERS + ((<i32>load<u8>(VALUES + i)) << 2)
  const size = load<i32>(counter)
  store<i32>(sizes + (i << 2), size)
  store<i32>(counter, offset)
  return offset + (size << 2)
}

function clearCounters(values: i32): void {
  for (let i = 0; i < values; i++) store<i32>(COUNTERS + ((<i32>load<u8>(VALUES + i)) << 2), 0)
}

/** How many bytes from `from` on are the same for all of the list, up to eight. */
function commonBytes(list: i32, count: i32, from: i32): i32 {
  const text = INPUT + from
  const first = load<u64>(text + load<i32>(list))
  let difference: u64 = 0
  for (let i = 1; i < count; i++) {
    difference |= load<u64>(text + load<i32>(list + (i << 2))) ^ first
    if ((difference & 255) !== 0) return 0
  }
  return difference === 0 ? 8 : <i32>ctz(difference) >>> 3
}

/** Links all but the first of positions that share `shared` bytes. */
function splitGroup(list: i32, other: i32, count: i32, shared: i32): void {
  let from = shared
  for (;;) {
    if (from >= depth) {
      for (let i = 1; i < count; i++) {
        link(load<i32>(list + (i << 2)), load<i32>(list + ((i - 1) << 2)), depth)
      }
      return
    }
    const common = commonBytes(list, count, from)
    from += common
    if (common < 8) break
  }
  if (from >= depth) {
    splitGroup(list, other, count, depth)
    return
  }
  const text = INPUT + from
  const end = list + (count << 2)
  let values = 0
  let before = 0
  for (let at = list; at < end; at += 4) {
    const position = load<i32>(at)
    const value = load<u8>(text + position)
    const counter = COUNTERS + ((<i32>value) << 2)
    const size = load<i32>(counter)
    if (size === 0) {
      store<u8>(VALUES + values++, value)
      if (at > list) link(position, before, from)
    }
    store<i32>(counter, size + 1)
    before = position
  }
  const sizes = beginGroups(values)
  let cursor = 0
  for (let i = 0; i < values; i++) cursor = beginGroup(sizes, i, cursor)
  for (let at = list; at < end; at += 4) {
    const position = load<i32>(at)
    const counter = COUNTERS + ((<i32>load<u8>(text + position)) << 2)
    const offset = load<i32>(counter)
    store<i32>(other + offset, position)
    store<i32>(counter, offset + 4)
  }
  clearCounters(values)
  let offset = 0
  for (let i = 0; i < values; i++) {
    const size = load<i32>(sizes + (i << 2))
    if (size > 1) {
      if (size <= SMALL) linkSmall(other + offset, size, from + 1)
      else splitGroup(other + offset, list + offset, size, from + 1)
    }
    offset += size << 2
  }
  sizesEnd = sizes
}

/** Links all but the first of a few positions that share `shared` bytes (0: which share nothing for sure). */
function linkSmall(list: i32, count: i32, shared: i32): void {
  const text = INPUT + shared
  const longest = max(depth - shared, 0)
  for (let i = 0; i < count; i++) store<u64>(SMALL_GROUP + (i << 3), load<u64>(text + load<i32>(list + (i << 2))))
  for (let i = 1; i < count; i++) {
    const position = load<i32>(list + (i << 2))
    const own = load<u64>(SMALL_GROUP + (i << 3))
    let best = -1
    let earlier = 0
    for (let j = i - 1; j >= 0; j--) {
      const difference = own ^ load<u64>(SMALL_GROUP + (j << 3))
      let length = 8
      if (difference !== 0) length = <i32>ctz(difference) >>> 3
      else if (best < longest) {
        length = equalBytes(text + position, text + load<i32>(list + (j << 2)), 8, max(longest, 8))
      }
      if (length > best) {
        best = length
        earlier = load<i32>(list + (j << 2))
        if (best >= longest) break
      }
    }
    const length = min(shared + best, depth)
    if (length < 4) noLink(position)
    else link(position, earlier, length)
  }
}
