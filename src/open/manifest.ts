/** The manifest beside an image: it tells where each store path lies, so that nothing else has to be unpacked. */

import type { ImageSource } from '../image-source/index.ts'
import { type ImageManifest, parseManifest } from '../manifest/index.ts'
import type { TarBlock, TarBytes } from './tar-bytes.ts'

/**
 * The manifest in `text`, if it is that of the image: of a file of this size, whose blocks are where it says. Who may change
 * one may change the other, so it is believed no more than the image.
 */
export function manifestOf(text: string, source: ImageSource, tar: TarBytes): ImageManifest | undefined {
  const manifest = parseManifest(text)
  if (manifest === undefined || manifest.artefacts[0]?.size !== source.size) return undefined
  const { segments, blocks } = manifest
  let offset = 0
  for (const { tarOffset, tarSize } of segments) {
    if (tarOffset !== offset || tarSize < 0) return undefined
    offset += tarSize
  }
  const isSameSize = offset === manifest.tarSize && (tar.size === undefined || tar.size === offset)
  const areSameBlocks =
    tar.blocks.length === 0 ||
    (blocks.length === tar.blocks.length &&
      blocks.every((block, i) => {
        const { offset, size, tarOffset, tarSize } = tar.blocks[i]
        return (
          block.offset === offset && block.size === size && block.tarOffset === tarOffset && block.tarSize === tarSize
        )
      }))
  return isSameSize && areSameBlocks ? manifest : undefined
}

/** The frames of a .zst file by the manifest in `text`; `undefined` if they are not all of a file of this size. */
export function framesOf(text: string, source: ImageSource): readonly TarBlock[] | undefined {
  const manifest = parseManifest(text)
  if (manifest === undefined || manifest.artefacts[0]?.size !== source.size) return undefined
  let end = 0
  let tarEnd = 0
  for (const { offset, size, tarOffset, tarSize } of manifest.blocks) {
    if (offset !== end || tarOffset !== tarEnd || !(size > 0) || !(tarSize > 0)) return undefined
    end += size
    tarEnd += tarSize
  }
  return end === source.size ? manifest.blocks : undefined
}
