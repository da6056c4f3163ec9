/**
 * Blocks that are compressed here instead of fetched. The encoder is deterministic, so the tar of a block gives its bytes. Most
 * of the tar is in older images. The other store paths are decoded from the first bytes of the block; only those are fetched.
 * The digest of the block proves that the older images had the right tar.
 */
import { concatBytes } from '../bytes/index.ts'
import type { ImageCompression } from '../compression.ts'
import { type Container, containerOf } from '../container/index.ts'
import type { ImageManifest } from '../manifest/index.ts'
import { sha256Hex } from '../sha256.ts'
import { createLoneBlockDecoder, decodeBlockHeader } from '../xz/index.ts'
import type { PartFetch } from './fetch-parts.ts'
import { endOf, type ImagePart } from './image-parts.ts'
import type { OlderImage } from './older-images.ts'
import { CHECK, type OlderTar, openOlderTar } from './older-tar.ts'
import { isOfServer } from './server.ts'
import { findSharedPrefixes, HEAD_SIZE, readSharedPrefix, type SharedPrefix, TAR_SIZE_MIN } from './shared-prefixes.ts'
import { type SlicedBlock, sliceBlocks } from './tar-slices.ts'

/** A block to make. */
interface Rebuild extends SlicedBlock {
  readonly part: ImagePart
  /** Bytes of tar from the start of the block to the end of the last store path that no older image has. */
  readonly tarWanted: number
  readonly prefix: SharedPrefix | undefined
}

/** The manifest of the image, and the older images on this machine. */
export interface RebuildOptions extends PartFetch {
  readonly manifest: ImageManifest
  readonly older: readonly OlderImage[]
}

/** A server that has no ranges. */
class RangesMissing extends Error {}

/**
 * Makes as many of the missing parts as it can, one at a time, since an encoder takes up to 114 MB. Resolves to the parts
 * that it made, each with the bytes that were not fetched for it. Throws `DiskError`.
 */
export async function rebuildParts(
  missing: readonly ImagePart[],
  options: RebuildOptions,
): Promise<Map<ImagePart, number>> {
  const { manifest, older, partial, signal } = options
  const right = new Map<ImagePart, number>()
  const container = containerNamed(manifest)
  if (!container?.blocks) return right
  const tar = openOlderTar(older)
  try {
    for (const rebuild of findRebuilds(missing, manifest, older, tar)) {
      signal.throwIfAborted()
      const { part, tarSize, tarWanted } = rebuild
      // Whoever wrote the manifest could have any amount of memory taken.
      if (tarSize > container.blockSize) continue
      const data = new Uint8Array(tarSize)
      const { fetched, filled } = tarWanted > 0 ? await fetchTar(rebuild, data, options) : { fetched: 0, filled: 0 }
      if (filled < tarWanted || !(await fillUp(rebuild, data, filled, tar))) continue
      // A copy: while it is written, another pull may encode in this thread.
      const block = concatBytes(container.blocks.encode(data).pieces)
      if (sha256Hex(block) !== part.sha256) continue
      await partial.write(block, part.offset)
      right.set(part, part.size - fetched)
    }
  } catch (error) {
    if (!(error instanceof RangesMissing) && !isOfServer(error)) throw error
  } finally {
    await tar.close()
  }
  return right
}

/** The compressor of an image, if this version has it: its description tells all that decides the bytes. */
function containerNamed({ format, compression }: ImageManifest): Container | undefined {
  if (format !== 'tar.xz') return undefined
  const levels = Array.from({ length: 10 }, (_, level) => level)
  return [false, true]
    .flatMap(arm64Branches => levels.map((level): ImageCompression => ({ format, level, arm64Branches })))
    .map(containerOf)
    .find(({ description }) => description === compression)
}

function findRebuilds(
  missing: readonly ImagePart[],
  manifest: ImageManifest,
  older: readonly OlderImage[],
  tar: OlderTar,
): Rebuild[] {
  const parts = new Map(missing.map(part => [part.offset, part]))
  const prefixes = new Map(findSharedPrefixes(missing, manifest, older).map(found => [found.part, found]))
  const found: Rebuild[] = []
  for (const block of sliceBlocks(manifest)) {
    const part = parts.get(block.offset)
    if (!part) continue
    let tarWanted = 0
    let at = 0
    for (const { contents, tarSize } of block.slices) {
      at += tarSize
      if (contents === undefined || !tar.has(contents)) tarWanted = at
    }
    const prefix = prefixes.get(part)
    const saved = block.tarSize - Math.max(tarWanted, prefix?.tarSize ?? 0)
    if (saved >= TAR_SIZE_MIN) found.push({ ...block, part, tarWanted, prefix })
  }
  return found
}

/** Bytes asked for at least: the encoder's chunks have up to 64 KiB. */
const REQUEST_MIN = 32 * 1024

/** Fetches the first bytes of a block and decodes them into `data`, until it has the tar that is wanted. */
async function fetchTar(
  { part, tarSize, tarWanted, prefix }: Rebuild,
  data: Uint8Array,
  { server, file, size, onFetched }: PartFetch,
): Promise<{ readonly fetched: number; readonly filled: number }> {
  let fetched = 0
  const fetch = async (start: number, count: number): Promise<Uint8Array[]> => {
    const { bytes, isPart } = await server.range(file, start, count, size)
    if (!isPart) {
      await bytes.return?.()
      throw new RangesMissing()
    }
    const chunks: Uint8Array[] = []
    for await (const chunk of bytes) {
      chunks.push(chunk)
      fetched += chunk.length
      onFetched(chunk.length)
    }
    return chunks
  }

  const decoder = createLoneBlockDecoder({ unpaddedSize: part.size, uncompressedSize: tarSize }, CHECK)
  let filled = 0
  const push = (bytes: Uint8Array) => {
    for (const decoded of decoder.push(bytes)) {
      data.set(decoded.subarray(0, tarSize - filled), filled)
      filled += decoded.length
    }
  }
  try {
    const head = concatBytes(await fetch(part.offset, Math.min(HEAD_SIZE, part.size)))
    const known = prefix && (await readSharedPrefix(prefix, head))
    const { headerSize } = known ?? decodeBlockHeader(head)
    let position = part.offset + (known ? headerSize + known.bytes.length : head.length)
    push(known ? head.subarray(0, headerSize) : head)
    if (known) push(known.bytes)
    const [start, startFilled] = [position, filled]
    // Of the block at first, then of what has come.
    let ratio = part.size / tarSize
    while (filled < tarWanted && position < endOf(part)) {
      const guess = Math.ceil((tarWanted - filled) * ratio)
      const count = Math.min(Math.max(guess, REQUEST_MIN), endOf(part) - position)
      for (const bytes of await fetch(position, count)) push(bytes)
      position += count
      if (filled > startFilled) ratio = (position - start) / (filled - startFilled)
    }
  } catch (error) {
    if (error instanceof RangesMissing || isOfServer(error)) throw error
    // The known beginning is damaged, or the fetched bytes do not continue it.
    return { fetched, filled: 0 }
  } finally {
    decoder.close()
  }
  return { fetched, filled: Math.min(filled, tarSize) }
}

/** Fills the tar of a block from byte `filled` on with what older images have. Resolves to whether they have all of it. */
async function fillUp({ slices }: Rebuild, data: Uint8Array, filled: number, tar: OlderTar): Promise<boolean> {
  let at = 0
  for (const { contents, from, tarSize } of slices) {
    const end = at + tarSize
    const start = Math.max(at, filled)
    if (start < end) {
      const isThere = contents && (await tar.read(contents, from + start - at, data.subarray(start, end)))
      if (!isThere) return false
    }
    at = end
  }
  return at === data.length
}
