import { equalBytes } from './compare.ts'
import { hash } from './hash.ts'
import { clearLink, setLink } from './links.ts'
import { COUNTERS, GROUP_SIZES, INPUT, otherRecords, records, recordsCapacity, VALUES } from './memory.ts'

/**
 * Refines a bucket of the radix match finder: its positions are split by one byte after the other, most significant
 * first and stably, into groups that share more and more. A position's link is set once, where it is the first of its
 * group, to the position before it in the group above; all others get a longer one further down.
 *
 * The bytes of a block are far apart in memory, so a position goes along with the eight bytes that it is told apart by:
 *
 *     record = key (the eight bytes from position + base on), position    16 bytes
 *
 * All records of a group have keys of the same base, and it moves on when its eight bytes are used up. Where all of a
 * group share many more bytes, those are skipped: so periodic data, whose groups never fall apart, costs an eighth of the
 * depth in reads.
 */

const RECORD_BITS: i32 = 4
/** Groups of so many positions are compared each with each. */
const SMALL: i32 = 16

/** To what length positions are told apart, at most 248. */
export let depth: i32 = 32
/** Where sizes of groups go: those of the levels above are below it. */
let sizesEnd: i32 = GROUP_SIZES

export function setDepth(value: i32): void {
  depth = value
}

function keyOf(record: i32): u64 {
  return load<u64>(record)
}

function positionOf(record: i32): i32 {
  return load<i32>(record, 8)
}

function move(from: i32, to: i32): void {
  v128.store(to, v128.load(from))
}

/** Links all positions of a bucket. One that is too large is refined in parts that know nothing of each other. */
export function refineBucket(list: i32, count: i32): void {
  for (let done = 0; done < count; done += recordsCapacity) {
    refinePart(list + (done << 2), min(count - done, recordsCapacity))
  }
}

function refinePart(list: i32, count: i32): void {
  for (let i = 0; i < count; i++) {
    const position = load<i32>(list + (i << 2))
    const record = records + (i << RECORD_BITS)
    store<u64>(record, load<u64>(INPUT + position))
    store<i32>(record, position, 8)
  }
  if (count <= SMALL) {
    clearLink(positionOf(records))
    if (count > 1) linkSmall(records, count, 0)
    return
  }
  memory.fill(COUNTERS, 0, 1024)
  sizesEnd = GROUP_SIZES
  splitByHash(records, otherRecords, count, 8)
}

/** Reads the keys of a group again, from `base` on. */
function readKeys(group: i32, count: i32, base: i32): void {
  const end = group + (count << RECORD_BITS)
  for (let at = group; at < end; at += 1 << RECORD_BITS) store<u64>(at, load<u64>(INPUT + base + positionOf(at)))
}

/** Splits by a byte of the hash: after those at bits 8 and 0, all of a group have the same four bytes. */
function splitByHash(group: i32, other: i32, count: i32, shift: i32): void {
  let values = 0
  const end = group + (count << RECORD_BITS)
  for (let at = group; at < end; at += 1 << RECORD_BITS) {
    const value = (hash(<u32>keyOf(at)) >>> shift) & 255
    const counter = COUNTERS + (value << 2)
    const size = load<i32>(counter)
    if (size === 0) {
      store<u8>(VALUES + values++, <u8>value)
      clearLink(positionOf(at))
    }
    store<i32>(counter, size + 1)
  }
  const sizes = beginGroups(values)
  for (let at = group; at < end; at += 1 << RECORD_BITS) {
    const counter = COUNTERS + (((hash(<u32>keyOf(at)) >>> shift) & 255) << 2)
    const offset = load<i32>(counter)
    move(at, other + offset)
    store<i32>(counter, offset + (1 << RECORD_BITS))
  }
  clearCounters(values)
  let offset = 0
  for (let i = 0; i < values; i++) {
    const size = load<i32>(sizes + (i << 2))
    if (size > 1) {
      if (size <= SMALL) linkSmall(other + offset, size, 0)
      else if (shift === 0 || commonBytes(other + offset, size, 0) >= 4)
        splitGroup(other + offset, group + offset, size, 4, 0)
      else splitByHash(other + offset, group + offset, size, 0)
    }
    offset += size << RECORD_BITS
  }
  sizesEnd = sizes
}

/** Notes the sizes of the groups of so many values, and makes each value's counter the offset of its group. */
function beginGroups(values: i32): i32 {
  const sizes = sizesEnd
  sizesEnd = sizes + (values << 2)
  let offset = 0
  for (let i = 0; i < values; i++) {
    const counter = COUNTERS + ((<i32>load<u8>(VALUES + i)) << 2)
    const size = load<i32>(counter)
    store<i32>(sizes + (i << 2), size)
    store<i32>(counter, offset)
    offset += size << RECORD_BITS
  }
  return sizes
}

function clearCounters(values: i32): void {
  for (let i = 0; i < values; i++) store<i32>(COUNTERS + ((<i32>load<u8>(VALUES + i)) << 2), 0)
}

/** How many bytes of their keys all of a group share; the first `known` are known to be shared. */
function commonBytes(group: i32, count: i32, known: i32): i32 {
  const first = keyOf(group)
  const nextByte: u64 = (<u64>0xff) << (<u64>(known << 3))
  let difference: u64 = 0
  const end = group + (count << RECORD_BITS)
  for (let at = group + (1 << RECORD_BITS); at < end; at += 1 << RECORD_BITS) {
    difference |= keyOf(at) ^ first
    // Most groups share no more.
    if ((difference & nextByte) !== 0) return known
  }
  return difference === 0 ? 8 : <i32>ctz(difference) >>> 3
}

/** Links all but the first of positions that share `shared` bytes, by keys from `base` on. */
function splitGroup(group: i32, other: i32, count: i32, shared: i32, base: i32): void {
  const end = group + (count << RECORD_BITS)
  let from = shared
  for (;;) {
    if (from === base + 8 && from < depth) {
      base = from
      readKeys(group, count, base)
    }
    if (from < depth) from = base + commonBytes(group, count, from - base)
    if (from >= depth) {
      for (let at = group + (1 << RECORD_BITS); at < end; at += 1 << RECORD_BITS) {
        setLink(positionOf(at), positionOf(at - (1 << RECORD_BITS)), depth)
      }
      return
    }
    if (from < base + 8) break
  }
  const shift = <u64>((from - base) << 3)
  let values = 0
  for (let at = group; at < end; at += 1 << RECORD_BITS) {
    const value = <u8>(keyOf(at) >>> shift)
    const counter = COUNTERS + ((<i32>value) << 2)
    const size = load<i32>(counter)
    if (size === 0) {
      store<u8>(VALUES + values++, value)
      if (at > group) setLink(positionOf(at), positionOf(at - (1 << RECORD_BITS)), from)
    }
    store<i32>(counter, size + 1)
  }
  const sizes = beginGroups(values)
  for (let at = group; at < end; at += 1 << RECORD_BITS) {
    const counter = COUNTERS + ((<i32>(<u8>(keyOf(at) >>> shift))) << 2)
    const offset = load<i32>(counter)
    move(at, other + offset)
    store<i32>(counter, offset + (1 << RECORD_BITS))
  }
  clearCounters(values)
  let offset = 0
  for (let i = 0; i < values; i++) {
    const size = load<i32>(sizes + (i << 2))
    if (size > 1) {
      if (size <= SMALL) linkSmall(other + offset, size, base)
      else splitGroup(other + offset, group + offset, size, from + 1, base)
    }
    offset += size << RECORD_BITS
  }
  sizesEnd = sizes
}

/** Links all but the first of a few positions, which share the bytes below `base`. */
function linkSmall(group: i32, count: i32, base: i32): void {
  const end = group + (count << RECORD_BITS)
  const text = INPUT + base
  const longest = max(depth - base, 0)
  for (let at = group + (1 << RECORD_BITS); at < end; at += 1 << RECORD_BITS) {
    const position = positionOf(at)
    const own = keyOf(at)
    let best = -1
    let earlier = 0
    for (let before = at - (1 << RECORD_BITS); before >= group; before -= 1 << RECORD_BITS) {
      const difference = own ^ keyOf(before)
      let length = 8
      if (difference !== 0) length = <i32>ctz(difference) >>> 3
      else if (best < longest) length = equalBytes(text + position, text + positionOf(before), 8, max(longest, 8))
      if (length > best) {
        best = length
        earlier = positionOf(before)
        if (best >= longest) break
      }
    }
    const length = min(base + best, depth)
    if (length < 4) clearLink(position)
    else setLink(position, earlier, length)
  }
}
