/** Parts of an image that lie on this machine already: in older images, and in the block cache. */
import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { type BlockCache, findBlock } from '../block-cache/index.ts'
import { openRegularFile } from '../disk/index.ts'
import type { ImagePart } from './image-parts.ts'
import type { OlderImage } from './older-images.ts'
import { READ_SIZE } from './partial-image.ts'

/** Finds parts by their digests. */
export interface LocalParts {
  /** Gives the bytes of a part to `write`, bit by bit. Resolves to whether it was there, and right as far as that is checked. */
  copy(part: ImagePart, write: (bytes: Uint8Array, at: number) => Promise<void>): Promise<boolean>
  close(): Promise<void>
}

/**
 * Looks for parts in older images, and in a block cache. If `trustManifests`, the manifests of these images are believed: whoever
 * checks the whole image needs no digest of each part.
 */
export function openLocalParts(
  images: readonly OlderImage[],
  cache: BlockCache | undefined,
  trustManifests: boolean,
): LocalParts {
  const places = new Map<string, { path: string; offset: number }[]>()
  for (const { path, parts } of images) {
    for (const { sha256, size, offset } of parts) {
      const key = `${sha256}-${size}`
      const known = places.get(key)
      if (known) known.push({ path, offset })
      else places.set(key, [{ path, offset }])
    }
  }
  const handles = new Map<string, FileHandle>()
  let buffer: Buffer | undefined
  const openOnce = async (path: string) => {
    const handle = handles.get(path) ?? (await openRegularFile(path))
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
          if (!trustManifests) hash.update(bytes)
          await written
          at += bytesRead
        }
        if (at === size && (trustManifests || hash.digest('hex') === sha256)) return true
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
