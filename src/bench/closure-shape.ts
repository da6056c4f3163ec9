/**
 * The shape of a closure, after one that was measured: a NixOS-shaped system whose 302 packages hold 24,679 files of 974 MB in
 * 7,000 directories and 3,000 symlinks, with a `sw` of 28,000 symlinks to all that; 1.08 GB and 65,000 entries as a tar.
 * Everything grows with the size of the closure, except for these distributions.
 */
import { pick, type Random } from './random.ts'
import { KINDS, type Kind } from './real-bytes.ts'

/** A package without its files. */
export interface PackagePlan {
  /** Its name without the version; unique in the closure. */
  readonly stem: string
  readonly version: string
  /** Of its files together, in bytes. */
  readonly size: number
}

/** A file without its bytes. */
export interface FilePlan {
  readonly kind: Kind
  readonly size: number
  /** In the package, such as `bin/name`. */
  readonly path: string
  /** Names beside it that point to it. */
  readonly links: readonly string[]
}

/** Average size of a store path; a small closure has more of them. */
const BYTES_PER_PACKAGE = 3_500_000
const PACKAGES_MIN = 8
/** The part of the NAR bytes that is in files of packages; the rest is framing, names and the links of `sw`. */
const CONTENT_SHARE = 0.982
/** The part of each kind in a package's bytes. */
const KIND_SHARES: Readonly<Record<Kind, number>> = { code: 0.715, text: 0.24, packed: 0.045 }

/** Sizes at these thousandths of all sizes, in proportion between them. */
const POINTS = [0, 50, 250, 500, 750, 900, 950, 990, 1000]
const PACKAGE_SIZES = [20_000, 29_186, 123_276, 372_690, 1_971_260, 6_878_929, 13_154_808, 47_539_060, 110_001_517]
const FILE_SIZES: Readonly<Record<Kind, readonly number[]>> = {
  code: [500, 14_432, 18_680, 35_368, 111_448, 442_696, 1_301_496, 4_742_424, 5_300_000],
  text: [0, 80, 600, 2_000, 7_500, 21_000, 40_000, 130_000, 350_000],
  packed: [37, 571, 1_240, 2_101, 3_778, 9_959, 21_613, 141_531, 370_000],
}

/** Plans the packages of a closure of `size` bytes, the smallest first. */
export function planPackages(size: number, random: Random, words: readonly string[]): PackagePlan[] {
  const count = Math.max(PACKAGES_MIN, Math.round(size / BYTES_PER_PACKAGE))
  // Sizes are not drawn: one large package more or less would change a small closure much.
  const sizes = Array.from({ length: count }, (_, i) => sizeAt(PACKAGE_SIZES, (1000 * (i + 0.5)) / count))
  const scale = (size * CONTENT_SHARE) / sizes.reduce((sum, each) => sum + each)
  const stems = new Set<string>()
  while (stems.size < count) stems.add(Array.from({ length: 1 + random(3) }, () => pick(random, words)).join('-'))
  return [...stems].map((stem, i) => {
    return { stem, version: `${random(9)}.${random(30)}.${random(20)}`, size: Math.floor(sizes[i]! * scale) }
  })
}

function sizeAt(sizes: readonly number[], thousandths: number): number {
  const upper = POINTS.findIndex(point => point > thousandths)
  const part = (thousandths - POINTS[upper - 1]!) / (POINTS[upper]! - POINTS[upper - 1]!)
  return Math.floor(sizes[upper - 1]! + (sizes[upper]! - sizes[upper - 1]!) * part)
}

/** Plans the files of a package. */
export function planFiles({ stem, size }: PackagePlan, random: Random, words: readonly string[]): FilePlan[] {
  return KINDS.flatMap(kind => {
    const place = createPlaces(kind, stem, random, words)
    return fileSizes(kind, size * KIND_SHARES[kind], random).map((size, i) => ({ kind, size, ...place(i) }))
  })
}

/** A smaller budget is dropped: a file of some bytes is no use. */
const BUDGET_MIN = 64

function fileSizes(kind: Kind, budget: number, random: Random): number[] {
  const sizes: number[] = []
  let left = budget < BUDGET_MIN ? 0 : Math.floor(budget)
  while (left > 0) {
    // The end of the package cuts the largest files short; with 1.25 there are as many files as were measured.
    let size = Math.ceil(sizeAt(FILE_SIZES[kind], random(1000)) * 1.25)
    // Half of a package's code is in one file: the program, or the library that it is named for.
    if (kind === 'code' && sizes.length === 0) size = Math.max(64_000, left / 2)
    size = Math.ceil(left - size < size / 2 ? left : size)
    sizes.push(size)
    left -= size
  }
  return sizes
}

/** Where the files of a kind lie. No two packages have a path in common, so that all of them fit into one `sw`. */
function createPlaces(kind: Kind, stem: string, random: Random, words: readonly string[]) {
  let folders: string[] = []
  return (i: number): Pick<FilePlan, 'path' | 'links'> => {
    const name = i === 0 ? stem : `${stem}-${pick(random, words)}${i}`
    if (kind === 'code') {
      if (random(3) === 0) return { path: `bin/${name}`, links: [] }
      return { path: `lib/lib${name}.so.1.0`, links: [`lib${name}.so`, `lib${name}.so.1`] }
    }
    const section = 1 + random(8)
    if (kind === 'packed') return { path: `share/man/man${section}/${name}.${section}.gz`, links: [] }
    if (random(FOLDER_ONE_IN) === 0) folders = [...folders.slice(0, random(DEPTH_MAX)), pick(random, words)]
    const file = `${pick(random, words)}${i}.${pick(random, EXTENSIONS)}`
    return { path: ['share', stem, ...folders, file].join('/'), links: [] }
  }
}

/** One text in this many begins another folder. With the other folders, that makes 3.5 files a folder. */
const FOLDER_ONE_IN = 8
const DEPTH_MAX = 5
const EXTENSIONS = ['c', 'h', 'py', 'pm', 'txt', 'vim', 'html', 'js', 'cmake', 'conf', 'mo']
