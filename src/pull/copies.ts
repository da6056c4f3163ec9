/** Pieces of an image that lie on this machine already: in older images, and in the block cache. */
import { createHash } from 'node:crypto'
import { type FileHandle, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type BlockCache, findBlock } from '../block-cache/index.ts'
import { withDescriptor } from '../descriptors.ts'
import { openFile, readIfThere, reasonOf } from '../disk/index.ts'
import { imageNameOf, isManifestFile, manifestFileOf } from '../image-files.ts'
import { type ImageManifest, parseManifest } from '../manifest/index.ts'
import type { Warning } from '../warning.ts'
import { READ_SIZE } from './partial.ts'
import { type Piece, piecesOf } from './pieces.ts'
import { MANIFEST_OF_PARTIAL, PARTIAL } from './place.ts'

/** An image file on this machine, and what is said of its pieces: each is checked when it is used. */
export interface OlderImage {
  readonly path: string
  readonly pieces: readonly Piece[]
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
  const pieces = piecesOf(manifest)
  return found.isFile() && found.size === size && pieces ? { path, pieces, manifest } : undefined
}

/** Finds pieces by their digests. */
export interface Copies {
  /** The bytes of a piece, given to `write` part by part; resolves to whether it was there, and is right as far as that is checked. */
  copy(piece: Piece, write: (bytes: Uint8Array, at: number) => Promise<void>): Promise<boolean>
  close(): Promise<void>
}

/**
 * Looks for pieces in older images, and in a block cache. If `isBelieving`, the manifests of these images are believed: whoever
 * checks the whole image needs no digest of each piece.
 */
export function openCopies(images: readonly OlderImage[], cache: BlockCache | undefined, isBelieving: boolean): Copies {
  const places = new Map<string, { path: string; offset: number }[]>()
  for (const { path, pieces } of images) {
    for (const { sha256, size, offset } of pieces) {
      const key = `${sha256}-${size}`
      const known = places.get(key)
      if (known) known.push({ path, offset })
      else places.set(key, [{ path, offset }])
    }
  }
  const handles = new Map<string, FileHandle>()
  let buffer: Buffer | undefined
  const openOnce = async (path: string) => {
    const handle = handles.get(path) ?? (await openFile(path))
    handles.set(path, handle)
    return handle
  }
  return {
    async copy({ sha256, size }, write) {
      for (const { path, offset } of places.get(`${sha256}-${size}`) ?? []) {
        buffer ??= Buffer.allocUnsafe(READ_SIZE)
        const hash = createHash('sha256')
        let at = 0
        while (at < size) {
          const handle = await openOnce(path).catch(() => undefined)
          const wanted = Math.min(size - at, buffer.length)
          const bytesRead = (await handle?.read(buffer, 0, wanted, offset + at).catch(() => undefined))?.bytesRead
          if (!bytesRead) break
          const bytes = buffer.subarray(0, bytesRead)
          const written = write(bytes, at)
          if (!isBelieving) hash.update(bytes)
          await written
          at += bytesRead
        }
        if (at === size && (isBelieving || hash.digest('hex') === sha256)) return true
      }
      const block = cache && (await findBlock(cache, sha256, size))
      if (!block) return false
      await write(block, 0)
      return true
    },
    async close() {
      for (const handle of handles.values()) await handle.close()
    },
  }
}
