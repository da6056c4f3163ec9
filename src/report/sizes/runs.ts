/** Which bytes of an image's tar belong to which of its store paths. */
import type { ManifestSegment } from '../../image/index.ts'
import { encodeText, type OpenedImage } from '../../open/index.ts'
import type { TarRun } from './shares.ts'

/** Bytes that a tar header fills, and that contents are padded to. */
const TAR_BLOCK_SIZE = 512

/** Who owns parts of a tar. */
export interface Owners {
  /** Store paths by their numbers. */
  readonly numbers: ReadonlyMap<string, number>
  /** The number of all that belongs to none of them. */
  readonly others: number
}

/** The runs of a tar by its manifest. */
export function runsOfSegments(segments: readonly ManifestSegment[], { numbers, others }: Owners): TarRun[] {
  return segments.map(({ storePath, tarOffset, tarSize }) => ({
    owner: numbers.get(storePath ?? '') ?? others,
    start: tarOffset,
    end: tarOffset + tarSize,
  }))
}

/** The runs of a tar by its entries, for which all of it is read. */
export async function readRuns(image: OpenedImage, { numbers, others }: Owners): Promise<TarRun[]> {
  const owners = new Map(Array.from(numbers, ([path, number]) => [encodeText(path.slice(1)), number]))
  const runs: { owner: number; start: number; end: number }[] = []
  for await (const { path, contentsOffset, size } of image.members()) {
    const owner = owners.get(path.split('/', 3).join('/') as typeof path) ?? others
    const last = runs.at(-1)
    const end = contentsOffset + Math.ceil(size / TAR_BLOCK_SIZE) * TAR_BLOCK_SIZE
    if (last?.owner === owner) last.end = end
    else runs.push({ owner, start: last?.end ?? 0, end })
  }
  const entriesEnd = runs.at(-1)?.end ?? 0
  const { tarSize = entriesEnd } = image
  return tarSize > entriesEnd ? [...runs, { owner: others, start: entriesEnd, end: tarSize }] : runs
}
