/** Which bytes of an image's tar belong to which of its store paths. */
import type { ManifestSegment } from '../../manifest/index.ts'
import { encodeText, type ImageMember } from '../../open/index.ts'
import { tarPaddedSize } from '../../tar/index.ts'
import type { TarRun } from './shares.ts'

/** The owners of parts of a tar. */
export interface Owners {
  /** Store paths by their numbers. */
  readonly numbers: ReadonlyMap<string, number>
  /** The number of all that belongs to none of them. */
  readonly others: number
}

/** The runs of a tar by its manifest. */
export function runsOfSegments(segments: readonly ManifestSegment[], { numbers, others }: Owners): TarRun[] {
  return segments.map(({ storePath = '', ...part }) => ({ ...part, owner: numbers.get(storePath) ?? others }))
}

/** Names in the store that are distinguished: more than a registration has. Entries below others belong to no store path. */
const NAMES_MAX = 2 ** 18

/** Gathers the runs of a tar by its entries, before it is known which of them are in store paths. */
export interface RunReader {
  /** Takes up the next entry. */
  add(member: ImageMember): void
  /** The runs of them all. `tarSize` is the size of the tar, if it is known. */
  runs(owners: Owners, tarSize: number | undefined): TarRun[]
}

/** Makes a reader that has seen no entry. */
export function createRunReader(): RunReader {
  /** Paths of what is directly in the store, by their places, and the runs of each. */
  const places = new Map<string, number>()
  const runs: { place: number; end: number }[] = []

  function placeOf(path: string): number {
    if (!path.startsWith('nix/store/')) return NO_PLACE
    const top = path.split('/', 3).join('/')
    const place = places.get(top) ?? (places.size < NAMES_MAX ? places.size : NO_PLACE)
    if (place === places.size) places.set(top, place)
    return place
  }

  return {
    add({ path, contentsOffset, size }) {
      const place = placeOf(path)
      const last = runs.at(-1)
      const end = contentsOffset + tarPaddedSize(size)
      if (last?.place === place) last.end = end
      else runs.push({ place, end })
    },
    runs({ numbers, others }, tarSize) {
      const owners = new Int32Array(places.size).fill(others)
      for (const [path, number] of numbers) {
        const place = places.get(encodeText(path.slice(1)))
        if (place !== undefined) owners[place] = number
      }
      let tarOffset = 0
      const owned = runs.map(({ place, end }): TarRun => {
        const run = { owner: owners[place] ?? others, tarOffset, tarSize: end - tarOffset }
        tarOffset = end
        return run
      })
      if (tarSize !== undefined && tarSize > tarOffset) {
        owned.push({ owner: others, tarOffset, tarSize: tarSize - tarOffset })
      }
      return owned
    },
  }
}

const NO_PLACE = -1
