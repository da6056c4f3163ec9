import {
  type ImageManifest,
  type ManifestBlock,
  type ManifestSegment,
  partsBetween,
  tarEndOf,
} from '../manifest/index.ts'

/** What a block has of one store path, or of entries outside of store paths. */
export interface TarSlice {
  /** The store path with its NAR hash; `undefined` outside of store paths. */
  readonly contents: string | undefined
  /** Where in the tar of its store path it begins. */
  readonly from: number
  readonly tarSize: number
}

/** A block of an image file, and all that is in it. */
export interface SlicedBlock extends ManifestBlock {
  readonly slices: readonly TarSlice[]
}

/** The blocks of an image with the store paths in each. */
export function* sliceBlocks(manifest: ImageManifest): Generator<SlicedBlock> {
  const contentsOf = createNaming(manifest)
  for (const block of manifest.blocks) {
    const end = tarEndOf(block)
    const slices = partsBetween(manifest.segments, block.tarOffset, end).map((segment): TarSlice => {
      const start = Math.max(segment.tarOffset, block.tarOffset)
      const tarSize = Math.min(tarEndOf(segment), end) - start
      return { contents: contentsOf(segment), from: start - segment.tarOffset, tarSize }
    })
    yield { ...block, slices }
  }
}

/** Where the tar of each store path begins in an image, by its contents. */
export function tarOffsetsOf(manifest: ImageManifest): Map<string, number> {
  const contentsOf = createNaming(manifest)
  const places = new Map<string, number>()
  for (const segment of manifest.segments) {
    const contents = contentsOf(segment)
    if (contents !== undefined) places.set(contents, segment.tarOffset)
  }
  return places
}

function createNaming({ storePaths }: ImageManifest): (segment: ManifestSegment) => string | undefined {
  const hashes = new Map(storePaths.map(({ path, narHash }) => [path, narHash]))
  return ({ storePath = '' }) => (hashes.has(storePath) ? `${storePath} ${hashes.get(storePath)}` : undefined)
}
