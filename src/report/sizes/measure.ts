import { withMethods } from '../../arguments.ts'
import { tarEndOf } from '../../manifest/index.ts'
import type { OpenedImage } from '../../open/index.ts'
import { closureSizes } from '../closure-sizes.ts'
import { addedSizes, findKeepers } from '../dominators.ts'
import { createReferenceGraph, findRoots, NO_PATH, neighbours } from '../reference-graph.ts'
import { distinctPaths, readStored } from '../stored.ts'
import { createRunReader, runsOfSegments } from './runs.ts'
import { shareBytes } from './shares.ts'

/** Where the bytes of an image are. All sizes are in bytes. */
export interface ImageSizes {
  /** Of the image file: the sum of all `fileSize` in `storePaths` and `others`. */
  readonly fileSize: number
  /** Of the tar in it, up to the last entry if more is not known: the sum of all `tarSize`. */
  readonly tarSize: number
  /** Of the NARs of its store paths. */
  readonly narSize: number
  /** The store path of the NixOS system: by the manifest, or by the links that start it. */
  readonly toplevel?: string
  /** The store paths that keep all others: the toplevel, and those that no other store path refers to. */
  readonly roots: readonly string[]
  /** Largest in the file first. */
  readonly storePaths: readonly PathSizes[]
  /** Everything that is not a store path. */
  readonly others: readonly PartSizes[]
}

/** The bytes of a store path. */
export interface PathSizes {
  /** Such as `/nix/store/HASH-NAME`. */
  readonly path: string
  /** `sha256:` and Nix base 32. */
  readonly narHash: string
  readonly narSize: number
  readonly tarSize: number
  /** Its share of the image file. A block with several store paths is split by their bytes of tar. */
  readonly fileSize: number
  /** NARs of all that it reaches by references, itself included. */
  readonly closureSize: number
  /** NARs of all that would leave the image with it, itself included: what no chain of references reaches without it. */
  readonly addedSize: number
  /** The same as a share of the image file. */
  readonly addedFileSize: number
  /** The last store path that all chains of references to it pass; absent for roots, and for what several of them keep. */
  readonly keeper?: string
  /** The store paths in the image that it refers to, without itself. */
  readonly references: readonly string[]
}

/** The bytes of what is no store path. */
export interface PartSizes {
  /**
   * `entries`: entries outside of registered store paths, such as `/etc` and the registration, and the end of the archive.
   * `container`: headers and index of the compressed file.
   */
  readonly part: 'entries' | 'container'
  readonly tarSize: number
  readonly fileSize: number
}

const checkImage = withMethods('walk', 'storePaths')

/**
 * Tells where the bytes of an image are. With a manifest, nothing of the image is read; without one, all of it is, once. Throws
 * `OpenError`.
 */
export async function measureImage(image: OpenedImage): Promise<ImageSizes> {
  checkImage(image, 'image')
  const reader = createRunReader()
  const { paths: stored, toplevel: system } = await readStored(image, reader.add)
  // Without a registration at its place, this tells what is missing.
  const paths = stored ?? distinctPaths(await image.storePaths())
  const graph = createReferenceGraph(paths)
  const numbers = new Map(paths.map(({ path }, number) => [path, number]))
  const owners = { numbers, others: paths.length }
  const { manifest } = image
  const runs = manifest ? runsOfSegments(manifest.segments, owners) : reader.runs(owners, image.tarSize)
  const toplevel = numbers.has(system ?? '') ? system : undefined
  const last = runs.at(-1)
  const tarSize = last ? tarEndOf(last) : 0
  const whole = { size: image.size, tarOffset: 0, tarSize }
  // Blocks of an image that cannot seek are known by its manifest alone.
  const [blocks = [whole]] = [image.blocks, manifest?.blocks ?? []].filter(({ length }) => length > 0)
  const shares = shareBytes(paths.length + 1, runs, blocks)

  const narSizes = paths.map(({ narSize }) => narSize)
  const roots = findRoots(graph, numbers.get(toplevel ?? ''))
  const keepers = findKeepers(graph, roots)
  const closures = closureSizes(graph, narSizes)
  const added = addedSizes(keepers, narSizes)
  const addedToFile = addedSizes(
    keepers,
    paths.map((_, number) => shares[number].fileSize),
  )
  const pathOf = (number: number) => paths[number].path
  const storePaths = paths.map(({ path, narHash, narSize }, number): PathSizes => {
    const keeper = keepers.keeperOf[number]
    return {
      path,
      narHash,
      narSize,
      ...shares[number],
      closureSize: closures[number],
      addedSize: added[number],
      addedFileSize: addedToFile[number],
      ...(keeper !== NO_PATH && { keeper: pathOf(keeper) }),
      references: Array.from(neighbours(graph.references, number), pathOf),
    }
  })
  const compressed = shares.reduce((sum, { fileSize }) => sum + fileSize, 0)
  return {
    fileSize: image.size,
    tarSize,
    narSize: narSizes.reduce((sum, size) => sum + size, 0),
    ...(toplevel !== undefined && { toplevel }),
    roots: roots.map(pathOf),
    storePaths: storePaths.sort((a, b) => b.fileSize - a.fileSize || (a.path < b.path ? -1 : 1)),
    others: [
      { part: 'entries', ...shares[owners.others] },
      { part: 'container', tarSize: 0, fileSize: image.size - compressed },
    ],
  }
}
