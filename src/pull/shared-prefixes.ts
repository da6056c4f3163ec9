/**
 * Blocks whose beginning is on this machine. Where a block begins with the same store paths as one of an older image, both
 * begin with the same bytes, behind their headers: the encoder had the same data to decide by. So only the rest is fetched. It
 * is a guess, and the digest of the block tells whether it was right.
 */
import type { FileHandle } from 'node:fs/promises'
import { openRegularFile } from '../disk/index.ts'
import type { ImageManifest } from '../manifest/index.ts'
import { decodeBlockHeader, type Filter, sizeOfFirstChunks } from '../xz/index.ts'
import type { ImagePart } from './image-parts.ts'
import type { OlderImage } from './older-images.ts'
import { sliceBlocks, type TarSlice } from './tar-slices.ts'

/** A block, and the older one that begins alike. */
export interface SharedPrefix {
  readonly part: ImagePart
  readonly path: string
  /** Where the older block is in its file. */
  readonly offset: number
  readonly size: number
  /** Bytes of tar with which both begin. */
  readonly tarSize: number
}

/** The bytes with which a block begins, behind its header. */
export interface KnownBytes {
  readonly headerSize: number
  readonly bytes: Uint8Array
}

/** Bytes by which the encoder looks ahead at most, and more. */
const LOOKAHEAD = 64 * 1024

/** Bytes of tar that are worth a request. */
export const TAR_SIZE_MIN = 256 * 1024

/** For each of the parts that begins like a block of an older image: the one with which it has most in common. */
export function findSharedPrefixes(
  parts: readonly ImagePart[],
  manifest: ImageManifest,
  older: readonly OlderImage[],
): SharedPrefix[] {
  if (manifest.format !== 'tar.xz' || older.length === 0) return []
  const byFirst = new Map<string, { path: string; offset: number; size: number; slices: readonly TarSlice[] }[]>()
  for (const { path, manifest: other } of older) {
    if (other.format !== manifest.format || other.compression !== manifest.compression) continue
    for (const { offset, size, tarSize, slices } of sliceBlocks(other)) {
      const key = firstOf(slices)
      if (key === undefined || tarSize < TAR_SIZE_MIN) continue
      const known = byFirst.get(key)
      if (known) known.push({ path, offset, size, slices })
      else byFirst.set(key, [{ path, offset, size, slices }])
    }
  }
  const wanted = new Map(parts.map(part => [part.offset, part]))
  const found: SharedPrefix[] = []
  for (const { offset, slices } of sliceBlocks(manifest)) {
    const part = wanted.get(offset)
    if (!part) continue
    const candidates = (byFirst.get(firstOf(slices) ?? '') ?? []).map(other => ({
      ...other,
      tarSize: commonSize(slices, other.slices),
    }))
    const best = candidates.sort((a, b) => b.tarSize - a.tarSize)[0]
    if (best && best.tarSize >= TAR_SIZE_MIN) {
      found.push({ part, path: best.path, offset: best.offset, size: best.size, tarSize: best.tarSize })
    }
  }
  return found
}

/** Bytes of the first part of a block that is fetched, which has its header. */
export const HEAD_SIZE = 64

/**
 * Reads the bytes that a block should have behind its header, by the first bytes of it; `undefined` if there are none, such as
 * where the older block was compressed in another way.
 */
export async function readSharedPrefix(
  { part, path, offset, size, tarSize }: SharedPrefix,
  head: Uint8Array,
): Promise<KnownBytes | undefined> {
  let handle: FileHandle | undefined
  try {
    handle = await openRegularFile(path)
    const block = new Uint8Array(size)
    const { bytesRead } = await handle.read(block, 0, size, offset)
    const older = decodeBlockHeader(block)
    const { headerSize, filters } = decodeBlockHeader(head)
    if (!areSame(filters, older.filters)) return undefined
    const data = block.subarray(older.headerSize, bytesRead)
    const known = sizeOfFirstChunks(data, tarSize - LOOKAHEAD)
    const fits = known > HEAD_SIZE && headerSize + known < part.size
    return fits ? { headerSize, bytes: data.subarray(0, known) } : undefined
  } catch {
    return undefined
  } finally {
    await handle?.close()
  }
}

/** Whether blocks were converted alike. The last filter is LZMA2: its dictionary follows from a block's size, not its bytes. */
function areSame(ours: readonly Filter[], theirs: readonly Filter[]): boolean {
  const textOf = (filters: readonly Filter[]) =>
    filters
      .slice(0, -1)
      .map(({ id, properties }) => `${id} ${properties}`)
      .join()
  return textOf(ours) === textOf(theirs)
}

/** The beginning of a block. */
function firstOf([first]: readonly TarSlice[]): string | undefined {
  return first?.contents && `${first.contents} ${first.from}`
}

function commonSize(ours: readonly TarSlice[], theirs: readonly TarSlice[]): number {
  let size = 0
  for (const [i, { contents, from, tarSize }] of ours.entries()) {
    const their = theirs[i]
    if (contents === undefined || their?.contents !== contents || their.from !== from) break
    size += Math.min(tarSize, their.tarSize)
    if (tarSize !== their.tarSize) break
  }
  return size
}
