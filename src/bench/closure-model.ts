/**
 * What a closure is made of, after one that was measured: a NixOS-shaped system whose 302 packages hold 24,679 files of
 * 974 MB in 7,000 directories and 3,000 symlinks, with a `sw` of 28,000 symlinks to all that; 1.08 GB and 65,000
 * entries as a tar. Everything here grows with the size, but the distributions, which stay as measured.
 */
import type { FileKind } from './contents.ts'
import { drawSize, pick, type Quantiles, type Random, sizeAt } from './random.ts'

/** A package before it has files. */
export interface PackagePlan {
  /** Unique in the closure. */
  readonly stem: string
  /** The last part is raised for another version. */
  readonly version: readonly [number, number, number]
  readonly shares: KindShares
  /** Of its files together, in bytes. */
  readonly size: number
  /** Places in the list of packages, all before its own. */
  readonly references: readonly number[]
}

/** Thousandths of a package's bytes. */
export type KindShares = Readonly<Record<FileKind, number>>

/** One store path for so many bytes, and never fewer than the least. */
const BYTES_PER_PACKAGE = 3_500_000
const PACKAGES_MIN = 8

/** Of the NAR bytes, in thousandths, what is in files of packages: the rest is framing, names and the links of `sw`. */
const CONTENT_SHARE = 982

/** Bytes of files in a package. */
const PACKAGE_SIZES: Quantiles = [
  [0, 20_000],
  [50, 29_186],
  [100, 52_187],
  [250, 123_276],
  [500, 372_690],
  [750, 1_971_260],
  [900, 6_878_929],
  [950, 13_154_808],
  [990, 47_539_060],
  [1000, 110_001_517],
]

/**
 * Sizes of files. The last points are not the largest file that was measured, but what makes the mean that of the files
 * text 9.4 kB, packed 9.0 kB, tables 0.36 MB, and ELF, without the main file of each package, 0.29 MB. Below the ninth
 * tenth those of catalogs are not measured, but what makes their mean 37 kB though most packages have room for few.
 */
const FILE_SIZES: Readonly<Record<FileKind, Quantiles>> = {
  elf: [
    [0, 500],
    [50, 14_432],
    [250, 18_680],
    [500, 35_368],
    [750, 111_448],
    [900, 442_696],
    [950, 1_301_496],
    [990, 4_742_424],
    [1000, 5_300_000],
  ],
  text: [
    [0, 0],
    [50, 76],
    [100, 191],
    [250, 551],
    [500, 1_871],
    [750, 6_060],
    [900, 18_464],
    [950, 30_193],
    [990, 96_090],
    [1000, 400_000],
  ],
  catalog: [
    [0, 1_000],
    [250, 10_000],
    [500, 28_000],
    [750, 60_000],
    [900, 111_455],
    [950, 176_963],
    [990, 483_282],
    [1000, 490_000],
  ],
  packed: [
    [0, 37],
    [50, 571],
    [100, 790],
    [250, 1_240],
    [500, 2_101],
    [750, 3_778],
    [900, 9_959],
    [950, 21_613],
    [990, 141_531],
    [1000, 370_000],
  ],
  table: [
    [0, 184],
    [250, 12_292],
    [500, 160_656],
    [900, 358_464],
    [1000, 3_000_000],
  ],
}

/**
 * Kinds of packages and, in thousandths of all bytes, how much is in them. Together they hold, as measured, ELF 680,
 * text 155, catalogs 85, packed 45, tables and archives 35.
 */
const PACKAGE_KINDS: readonly { readonly thousandths: number; readonly shares: KindShares }[] = [
  { thousandths: 780, shares: { elf: 870, text: 42, catalog: 28, packed: 40, table: 20 } },
  { thousandths: 220, shares: { elf: 0, text: 555, catalog: 285, packed: 65, table: 95 } },
]

/** The programs, which most packages are, and of which the changed one is. */
export const PROGRAM_SHARES = PACKAGE_KINDS[0]!.shares

/** Bytes that a package has which gets another version, about. */
const CHANGED_SIZE = 1_500_000

/** The packages of a closure of `size` bytes of NAR, and which of them gets another version. */
export function planPackages(
  size: number,
  random: Random,
  words: readonly string[],
): { packages: PackagePlan[]; changed: number } {
  const sizes = planSizes(size)
  const stems = planStems(random, words, sizes.length)
  const plans = shuffle(random, withKinds(sizes))
  const changed = indexOfChanged(plans)
  const packages = plans.map((plan, i) => ({
    ...plan,
    stem: stems[i]!,
    version: [random.below(9), random.below(30), random.below(20)] as const,
    references: planReferences(random, i, changed),
  }))
  return { packages, changed }
}

/** Sizes of the files of one kind that fill `budget` bytes. */
export function planFileSizes(kind: FileKind, budget: number, random: Random): number[] {
  const sizes: number[] = []
  let left = budget
  const add = (drawn: number) => {
    // What would be left then is not worth another file.
    const size = left - drawn < drawn / 2 ? left : drawn
    sizes.push(size)
    left -= size
  }
  // Half of a program's code is in one file: the program, or the library that it is named for.
  if (kind === 'elf') add(left < 64_000 ? left : Math.ceil(left / 2))
  while (left > 0) {
    // What is left of a package cuts the largest short: with a quarter more, there are as many files as measured.
    const size = Math.ceil((drawSize(random, FILE_SIZES[kind]) * 5) / 4)
    // The catalogs of a program are all about as large, one for each language.
    const count = kind === 'catalog' ? CATALOGS_PER_FAMILY : 1
    for (let i = 0; i < count && left > 0; i++) add(size - Math.floor((size * random.below(100)) / 1000))
  }
  return sizes
}

/** How many catalogs, one after the other, are of one family. */
export const CATALOGS_PER_FAMILY = 24

// Not drawn, but spread over the distribution: one large package more or less would change a small closure much.
function planSizes(size: number): number[] {
  const count = Math.max(PACKAGES_MIN, Math.round(size / BYTES_PER_PACKAGE))
  const sizes = Array.from({ length: count }, (_, i) =>
    sizeAt(PACKAGE_SIZES, Math.floor(((2 * i + 1) * 500_000) / count)),
  )
  const sum = sizes.reduce((total, each) => total + each, 0)
  return sizes.map(each => Math.floor((each * size * CONTENT_SHARE) / 1000 / sum))
}

// The largest first, each to the kind of which most is missing.
function withKinds(sizes: readonly number[]): { size: number; shares: KindShares }[] {
  const filled = PACKAGE_KINDS.map(() => 0)
  let sum = 0
  return sizes.toReversed().map(size => {
    sum += size
    const missing = PACKAGE_KINDS.map(({ thousandths }, i) => sum * thousandths - filled[i]! * 1000)
    const kind = missing.indexOf(Math.max(...missing))
    filled[kind]! += size
    return { size, shares: PACKAGE_KINDS[kind]!.shares }
  })
}

function planStems(random: Random, words: readonly string[], count: number): string[] {
  const stems = new Set<string>()
  while (stems.size < count) {
    const parts = Array.from({ length: 1 + random.below(3) }, () => pick(random, words))
    stems.add(parts.join('-').slice(0, 40))
  }
  return [...stems]
}

function shuffle<T>(random: Random, items: readonly T[]): T[] {
  const shuffled = [...items]
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = random.below(i + 1)
    ;[shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!]
  }
  return shuffled
}

function indexOfChanged(plans: readonly { size: number; shares: KindShares }[]): number {
  const distance = ({ size, shares }: (typeof plans)[number]) =>
    shares === PROGRAM_SHARES ? Math.abs(size - CHANGED_SIZE) : Number.POSITIVE_INFINITY
  return plans.reduce((best, plan, i) => (distance(plan) < distance(plans[best]!) ? i : best), 0)
}

// Mostly what many refer to. Nothing refers to the one that changes, else it would have to change, too.
function planReferences(random: Random, index: number, changed: number): number[] {
  const references = new Set<number>()
  const count = random.below(6)
  for (let i = 0; i < count && index > 0; i++) {
    references.add(Math.min(random.below(index), random.below(index), random.below(index)))
  }
  references.delete(changed)
  return [...references]
}
