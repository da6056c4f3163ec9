import type { ImageFormat } from '../compression.ts'
import type { ArtefactDigest, FileLayout, ImageManifest, ManifestSegment } from '../manifest/index.ts'
import type { PreparedImage } from '../plan/index.ts'
import type { PackedSizes } from '../produce/index.ts'
import { VERSION } from '../version.ts'
import type { Warning } from '../warning.ts'
import type { BuildAttempt } from './attempt.ts'

/** The result of a build. Sizes are in bytes. */
export interface ImageResult {
  readonly name: string
  /** `undefined` if neither the spec nor the toplevel says. */
  readonly system: string | undefined
  readonly format: ImageFormat
  /** The store path of the NixOS system, if there is one. */
  readonly toplevel: string | undefined
  /** Whether the image was made to boot: it has a toplevel, or what systemd finds in it was declared. */
  readonly isToBoot: boolean
  /** Whether that system manages /etc and has units of its own, as those of nixpkgs do. */
  readonly isNixos: boolean
  readonly storePathCount: number
  /** Bytes of all store paths as NARs. */
  readonly narSize: number
  /** Bytes of the store paths, as NARs, whose blocks came from the cache. */
  readonly cachedNarSize: number
  /**
   * Bytes of the store paths, as NARs, that were verified against their NAR hashes in this build. The others came from the
   * cache, which is trusted to hold only verified blocks: see `verifyCache`.
   */
  readonly verifiedNarSize: number
  /** Of the tar. */
  readonly tarSize: number
  /** Of the image file. */
  readonly size: number
  /** SHA-256 of the image file, lower-case base 16. */
  readonly sha256: string
  readonly manifest: ImageManifest
  /** Things that may not be as they were meant. */
  readonly warnings: readonly Warning[]
}

/** An image in a folder. */
export interface ImageFiles extends ImageResult {
  /** Absolute path of the image file. */
  readonly image: string
  /** Absolute paths of everything delivered, the image first. */
  readonly files: readonly string[]
}

/** The result for an image: `artefacts` are its files, the image first; `layout` is that of the image. */
export function resultOf(
  { image, production }: BuildAttempt,
  artefacts: readonly [ArtefactDigest, ...ArtefactDigest[]],
  layout: FileLayout,
): ImageResult {
  const { name, system, compression, toplevel, isToBoot, isNixos, plan } = image
  const { sizes, verifiedNarSize } = production
  const [{ size, sha256 }] = artefacts
  return {
    name,
    system,
    format: compression.format,
    toplevel,
    isToBoot,
    isNixos,
    storePathCount: sizes.segments.length,
    narSize: plan.narSize,
    cachedNarSize: sizes.cachedNars,
    verifiedNarSize,
    tarSize: sizes.tar,
    size,
    sha256,
    manifest: createManifest(image, sizes, artefacts, layout),
    warnings: [...image.warnings, ...production.warnings],
  }
}

/** The manifest of a finished image. */
function createManifest(
  { name, system, compression, container, toplevel, opened }: PreparedImage,
  sizes: PackedSizes,
  artefacts: readonly ArtefactDigest[],
  { blocks, framing }: FileLayout,
): ImageManifest {
  const { paths } = opened.closure
  return {
    version: 1,
    builder: `nspawn-rootfs ${VERSION}`,
    name,
    ...(system !== undefined && { system }),
    format: compression.format,
    compression: container.description,
    ...(toplevel !== undefined && { toplevel }),
    artefacts,
    tarSize: sizes.tar,
    storePaths: paths.map(({ path, narHash, narSize, references }) => ({
      path: path.path,
      narHash,
      narSize,
      references: references.map(reference => reference.baseName),
    })),
    segments: locateSegments(
      paths.map(({ path }) => path.path),
      sizes,
    ),
    blocks,
    framing,
  }
}

function locateSegments(paths: readonly string[], sizes: PackedSizes): ManifestSegment[] {
  const segments: ManifestSegment[] = [{ tarOffset: 0, tarSize: sizes.head }]
  let offset = sizes.head
  for (const [i, storePath] of paths.entries()) {
    const tarSize = sizes.segments[i]
    segments.push({ storePath, tarOffset: offset, tarSize })
    offset += tarSize
  }
  segments.push({ tarOffset: offset, tarSize: sizes.tar - offset })
  return segments
}
