/** Images on this machine that may have something in common with the one that is pulled. */
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { withDescriptor } from '../descriptors.ts'
import { readIfThere, reasonOf } from '../disk/index.ts'
import { imageNameOf, isManifestFile, manifestFileOf } from '../image-files.ts'
import { type ImageManifest, parseManifest } from '../manifest/index.ts'
import type { Warning } from '../warning.ts'
import { type ImagePart, partsOf } from './image-parts.ts'
import { MANIFEST_OF_PARTIAL, PARTIAL } from './work-folder.ts'

/** An image file on this machine, and what is said of its parts: each is checked when it is used. */
export interface OlderImage {
  readonly path: string
  readonly parts: readonly ImagePart[]
  readonly manifest: ImageManifest
}

/** Images in a folder that lie beside their manifests. */
export function imagesIn(folder: string): Promise<OlderImage[]> {
  return describeAll(folder, isManifestFile)
}

/** Images that earlier pulls have begun in a folder. */
export function imagesBegun(folder: string): Promise<OlderImage[]> {
  const isWanted = (name: string) => name.startsWith(PARTIAL) && name.endsWith(MANIFEST_OF_PARTIAL)
  return describeAll(folder, isWanted, manifest => manifest.slice(0, -MANIFEST_OF_PARTIAL.length))
}

/** The images of some manifests in a folder, as far as they fit; `imageOf` tells their files where the manifests do not. */
async function describeAll(
  folder: string,
  isWanted: (name: string) => boolean,
  imageOf?: (manifestFile: string) => string,
): Promise<OlderImage[]> {
  const names = await withDescriptor(() => readdir(folder)).catch(() => [])
  const images: OlderImage[] = []
  for (const name of names.filter(isWanted).sort()) {
    const path = join(folder, name)
    const image = await describe(path, imageOf?.(path)).catch(() => undefined)
    if (image) images.push(image)
  }
  return images
}

/** The images that a user names; what cannot be used is told by a warning. */
export async function imagesFrom(paths: readonly string[], warn: (warning: Warning) => void): Promise<OlderImage[]> {
  const images: OlderImage[] = []
  for (const path of paths) {
    try {
      await stat(path)
      const image = await describe(join(dirname(path), manifestFileOf(imageNameOf(basename(path)))), path)
      if (!image) throw new Error('the manifest beside it is of another image, or tells no digests')
      images.push(image)
    } catch (error) {
      const message = `${path}: cannot be used for what it has in common with the image: ${reasonOf(error)}`
      warn({ code: 'OLDER_IMAGE_UNUSABLE', path, message })
    }
  }
  return images
}

/** An image with its manifest, or the file that is named beside it; `undefined` where the two do not fit. */
async function describe(manifestFile: string, image?: string): Promise<OlderImage | undefined> {
  const manifest = parseManifest((await readIfThere(manifestFile))?.toString() ?? '')
  if (manifest === undefined) return undefined
  const { file, size } = manifest.artefacts[0]
  const path = image ?? join(dirname(manifestFile), file)
  const found = await stat(path)
  const parts = partsOf(manifest)
  return found.isFile() && found.size === size && parts ? { path, parts, manifest } : undefined
}
