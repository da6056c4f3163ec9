import type { ImageManifest } from '../../manifest/index.ts'
import { runsOfSegments } from './runs.ts'
import { shareBytes } from './shares.ts'

/** The bytes of the image file that each store path takes, by the manifest. */
export function fileSizes({
  storePaths,
  segments,
  blocks,
  tarSize,
  artefacts: [{ size }],
}: ImageManifest): Map<string, number> {
  const numbers = new Map(storePaths.map(({ path }, number) => [path, number]))
  const runs = runsOfSegments(segments, { numbers, others: numbers.size })
  const shares = shareBytes(numbers.size + 1, runs, blocks.length > 0 ? blocks : [{ size, tarOffset: 0, tarSize }])
  return new Map(storePaths.map(({ path }, number) => [path, shares[number].fileSize]))
}
