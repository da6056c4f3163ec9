/**
 * Where everything is. All of the memory is laid out here by hand: the encoder has no objects and never allocates.
 *
 *     low, fixed places    models, prices, parser, hash tables, work lists of the radix sort
 *     INPUT                the block, then zeros (GUARD)
 *     behind the block     from level 3 on: slack, a link of four bytes a position (the output takes the place of links
 *                          that are used up), positions to sort, twice
 *                          below: the output
 *
 * Addresses and sizes are in bytes. A position counts from the first byte of the block.
 */

/** The longest block. Links hold positions in 24 bits. */
export const BLOCK_SIZE_MAX: i32 = 1 << 24

/** Zeros behind the block, so that eight bytes can be read at any position that a comparison may reach. */
export const GUARD: i32 = 1024

/** Models: a probability is 16 bits wide. See models.ts. */
export const MODELS: i32 = 0x1000
/** Prices: see prices.ts. */
export const PRICES: i32 = 0x1_0000
/** Binary decisions that wait for the range coder, 32 bits each: see symbols.ts. */
export const DECISIONS: i32 = 0x2_0000
/** What the parser chose: see operations.ts. It grows from its end downwards. */
export const OPERATIONS: i32 = 0x3_0000
export const OPERATIONS_END: i32 = 0x4_0000
/** Nodes of the optimal parser: see nodes.ts. */
export const NODES: i32 = 0x4_0000
/** Candidates at a position: see candidates.ts. */
export const CANDIDATES: i32 = 0x7_0000
/** The row that was looked up last: see rows.ts. */
export const LATEST_ROW: i32 = 0x7_3000
/** What kind each piece of the block is: see pieces.ts. */
export const PIECES: i32 = 0x7_4000
/** Counters of byte values. */
export const COUNTERS: i32 = 0x7_8000
/** The values of a byte in each group at hand, and the sizes of groups: see refine.ts. */
export const VALUES: i32 = 0x7_a000
export const GROUP_SIZES: i32 = 0x8_0000
/** Latest position of each pair, triple and quadruple of bytes: see nearest.ts. */
export const PAIRS: i32 = 0x10_0000
export const TRIPLES: i32 = 0x14_0000
export const QUADS: i32 = 0x18_0000
/** Latest positions by hash, up to two MiB: see rows.ts. */
export const ROWS: i32 = 0x20_0000
/** Counters, cursors and latest positions of the first distribution, and fingerprints; used before anything of nearest.ts. */
export const BUCKET_SIZES: i32 = 0x10_0000
export const BUCKET_CURSORS: i32 = 0x14_0000
export const LATEST: i32 = 0x18_0000
export const FINGERPRINTS: i32 = 0x10_0000

/** The block. */
export const INPUT: i32 = 0x40_0000

/** Bytes that the output may be ahead of the links that are used up. */
const OUTPUT_SLACK: i32 = 0x4_0000

/** Positions that are sorted at a time. */
export const SORT_CAPACITY: i32 = 3 << 20

/** Records that a bucket is refined by, at most: see refine.ts. */
const RECORDS_MAX: i32 = 1 << 18

/** One link per position: see radix.ts. */
export let links: i32 = 0
/** Positions as they are collected, and by bucket, each for `sortCapacity` of them. */
export let collection: i32 = 0
export let buckets: i32 = 0
export let sortCapacity: i32 = 0
/** Two places for so many records, where the collection was. */
export let records: i32 = 0
export let otherRecords: i32 = 0
export let recordsCapacity: i32 = 0
/** LZMA2 chunks. */
export let output: i32 = 0

function align(address: i32): i32 {
  return (address + 0xffff) & ~0xffff
}

/** Grows the memory, if need be, to hold all that is below `end`. Traps where the machine refuses. */
function reach(end: i32): void {
  const missing = ((end + 0xffff) >>> 16) - memory.size()
  if (missing > 0 && memory.grow(missing) < 0) unreachable()
}

/** Makes room for a block of `size` bytes. */
export function reserveInput(size: i32): void {
  reach(INPUT + size + GUARD)
}

/** Lays out and makes room for what the radix match finder needs. */
export function reserveForRadix(size: i32): void {
  output = align(INPUT + size + GUARD)
  links = output + OUTPUT_SLACK
  buckets = align(links + size * 4 + 64)
  sortCapacity = min(size, SORT_CAPACITY)
  recordsCapacity = min(size, RECORDS_MAX)
  collection = align(buckets + sortCapacity * 4 + 64)
  records = collection
  otherRecords = records + recordsCapacity * 16
  reach(max(collection + sortCapacity * 4 + 64, otherRecords + recordsCapacity * 16))
}

/** Lays out and makes room for what rows need. */
export function reserveForRows(size: i32): void {
  output = align(INPUT + size + GUARD)
  // Stored chunks add three bytes to 64 KiB; the chunk that is being made may be larger than what it holds.
  reach(output + size + (size >>> 12) + 0x2_0000)
}
