import type { ImageManifest } from '../manifest/index.ts'

/** A part of a block that is all or a part of one store path. */
export interface Run {
  /** The store path with its NAR hash; `undefined` for what is none. */
  readonly contents: string | undefined
  /** Where in the tar of its store path the run begins. */
  readonly from: number
  readonly tarSize: number
}

/** A block of an image file, and all that is in it. */
export interface BlockRuns {
  /** Of its first byte in the file. */
  readonly offset: number
  readonly size: number
  readonly tarSize: number
  readonly runs: readonly Run[]
}

/** The blocks of an image with the store paths in each. */
export function* blockRuns(manifest: ImageManifest): Generator<BlockRuns> {
  const { blocks, segments } = manifest
  const contentsOf = createNaming(manifest)
  let next = 0
  for (const { offset, size, tarOffset, tarSize } of blocks) {
    const end = tarOffset + tarSize
    const runs: Run[] = []
    while (next < segments.length && endOfSegment(segments[next]) <= tarOffset) next++
    for (let i = next; i < segments.length && segments[i].tarOffset < end; i++) {
      const from = Math.max(segments[i].tarOffset, tarOffset)
      runs.push({
        contents: contentsOf(segments[i]),
        from: from - segments[i].tarOffset,
        tarSize: Math.min(endOfSegment(segments[i]), end) - from,
      })
    }
    yield { offset, size, tarSize, runs }
  }
}

/** Where the tar of each store path begins in an image, by its contents. */
export function placesOf(manifest: ImageManifest): Map<string, number> {
  const contentsOf = createNaming(manifest)
  const places = new Map<string, number>()
  for (const segment of manifest.segments) {
    const contents = contentsOf(segment)
    if (contents !== undefined) places.set(contents, segment.tarOffset)
  }
  return places
}

type Segment = ImageManifest['segments'][number]

function createNaming({ storePaths }: ImageManifest): (segment: Segment) => string | undefined {
  const hashes = new Map(storePaths.map(({ path, narHash }) => [path, narHash]))
  return ({ storePath = '' }) => (hashes.has(storePath) ? `${storePath} ${hashes.get(storePath)}` : undefined)
}

function endOfSegment({ tarOffset, tarSize }: Segment): number {
  return tarOffset + tarSize
}
