/** The tar of older images on this machine, block by block. */
import type { FileHandle } from 'node:fs/promises'
import { openRegularFile } from '../disk/index.ts'
import { type ManifestBlock, partsBetween } from '../manifest/index.ts'
import { type Check, checkSize, decodeBlockHeader, decodeLoneBlock } from '../xz/index.ts'
import type { OlderImage } from './older-images.ts'
import { tarOffsetsOf } from './tar-slices.ts'

/** The kind of check of our blocks. */
export const CHECK: Check = 'crc64'

/** Reads the tar of store paths. */
export interface OlderTar {
  /** Whether an older image has these contents, as `TarSlice` names them. */
  has(contents: string): boolean
  /**
   * Fills `into` with tar of these contents, from byte `from` of it on. Resolves to whether all of it was there; whether it is
   * right is for the caller to find out.
   */
  read(contents: string, from: number, into: Uint8Array): Promise<boolean>
  close(): Promise<void>
}

/** Opens the tar of older images. One decoded block is held at a time. */
export function openOlderTar(older: readonly OlderImage[]): OlderTar {
  const places = new Map<string, { image: OlderImage; tarOffset: number }>()
  for (const image of older) {
    if (image.manifest.format !== 'tar.xz') continue
    for (const [contents, tarOffset] of tarOffsetsOf(image.manifest)) places.set(contents, { image, tarOffset })
  }
  const handles = new Map<string, FileHandle>()
  let last: { readonly image: OlderImage; readonly offset: number; readonly data: Uint8Array } | undefined

  async function decode(image: OlderImage, { offset, size, tarSize }: ManifestBlock) {
    if (last?.image === image && last.offset === offset) return last.data
    const handle = handles.get(image.path) ?? (await openRegularFile(image.path))
    handles.set(image.path, handle)
    const bytes = new Uint8Array(size)
    await handle.read(bytes, 0, size, offset)
    const { headerSize, compressedSize = 0 } = decodeBlockHeader(bytes)
    const record = { unpaddedSize: headerSize + compressedSize + checkSize(CHECK), uncompressedSize: tarSize }
    last = undefined
    const data = decodeLoneBlock(bytes, record, CHECK)
    last = { image, offset, data }
    return data
  }

  return {
    has: contents => places.has(contents),
    async read(contents, from, into) {
      const place = places.get(contents)
      if (!place) return false
      const { image, tarOffset } = place
      const start = tarOffset + from
      const end = start + into.length
      let filled = 0
      try {
        for (const block of partsBetween(image.manifest.blocks, start, end)) {
          const data = await decode(image, block)
          const position = start + filled - block.tarOffset
          const part = data.subarray(position, Math.min(data.length, end - block.tarOffset))
          into.set(part, filled)
          filled += part.length
        }
      } catch {
        // It was damaged, removed, or is of another tool.
        return false
      }
      return filled === into.length
    },
    async close() {
      for (const handle of handles.values()) await handle.close()
    },
  }
}
