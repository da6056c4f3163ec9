/** The manifest beside an image: it tells where each store path lies, so that nothing else has to be unpacked. */
import type { ImageSource } from '../image-source/index.ts'
import { coverFile, coverTar, type ImageManifest, parseManifest } from '../manifest/index.ts'
import type { TarBlock } from './parts.ts'
import type { TarBytes } from './tar-bytes.ts'

/**
 * The manifest in `text`, if it is that of the image: of a file of this size, whose blocks are where it says. Who may change
 * one may change the other, so it is believed no more than the image.
 */
export function manifestOf(text: string, source: ImageSource, tar: TarBytes): ImageManifest | undefined {
  const manifest = parseOf(text, source)
  if (manifest === undefined) return undefined
  const { segments, blocks, tarSize } = manifest
  const isSameSize = coverTar(segments, tarSize) && (tar.size === undefined || tar.size === tarSize)
  return isSameSize && areBlocksOf(blocks, tarSize, tar) ? manifest : undefined
}

function areBlocksOf(blocks: readonly TarBlock[], tarSize: number, tar: TarBytes): boolean {
  if (tar.blocks.length === 0) return blocks.length === 0 || coverTar(blocks, tarSize)
  if (blocks.length !== tar.blocks.length) return false
  return blocks.every((block, i) => BLOCK_KEYS.every(key => block[key] === tar.blocks[i][key]))
}

const BLOCK_KEYS = ['offset', 'size', 'tarOffset', 'tarSize'] as const

/** The frames of a .zst file by the manifest in `text`; `undefined` if they are not all of a file of this size. */
export function framesOf(text: string, source: ImageSource): readonly TarBlock[] | undefined {
  const { blocks, tarSize } = parseOf(text, source) ?? { blocks: [], tarSize: 0 }
  const areAll = coverFile(blocks, source.size) && coverTar(blocks, tarSize)
  return areAll && blocks.every(({ size, tarSize }) => size > 0 && tarSize > 0) ? blocks : undefined
}

/** The manifest in a text, if it is that of a file of this size. */
function parseOf(text: string, { size }: ImageSource): ImageManifest | undefined {
  const manifest = parseManifest(text)
  return manifest?.artefacts[0].size === size ? manifest : undefined
}
