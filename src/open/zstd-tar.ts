import { promisify } from 'node:util'
import { zstdDecompress } from 'node:zlib'
import type { ImageSource } from '../image-source/index.ts'
import { OpenError } from '../image-source/index.ts'
import { tarEndOf } from '../manifest/index.ts'
import { areTooMany, type TarBlock } from './parts.ts'
import { readBlocks, type TarBytes } from './tar-bytes.ts'
import { FRAME_MAX } from './zstd-layout.ts'

/** Bytes of frames that are held, compressed and unpacked. */
const HELD_MAX = 128 * 1024 * 1024

/** Frames that are unpacked at a time: Node has threads of its own for it. */
const AHEAD_MAX = 3

const unpackFrame = promisify(zstdDecompress)

/** An archive in the frames of a .zst file; `undefined` if one is too long to be read on its own, or they are too short. */
export function zstdTar(source: ImageSource, frames: readonly TarBlock[]): TarBytes | undefined {
  const largest = frames.reduce((most, { size, tarSize }) => Math.max(most, size + tarSize), 0)
  if (areTooMany(frames.length, source)) return undefined
  if (frames.length === 0 || frames.some(({ size, tarSize }) => size > FRAME_MAX || tarSize > FRAME_MAX))
    return undefined
  const keptMax = Math.max(2, Math.min(2 * AHEAD_MAX, Math.floor(HELD_MAX / largest)))
  const ahead = Math.min(AHEAD_MAX, keptMax - 1)
  const size = tarEndOf(frames[frames.length - 1])
  /** Least recently used first. */
  const kept = new Map<TarBlock, Promise<Uint8Array>>()

  async function load(frame: TarBlock): Promise<Uint8Array> {
    const bytes = await source.read(frame.offset, frame.size, {})
    try {
      // What is longer than it says is an error, too.
      const data = await unpackFrame(bytes, { maxOutputLength: Math.max(1, frame.tarSize) })
      if (data.length === frame.tarSize) return data
    } catch (error) {
      const { message } = error as Error
      throw new OpenError('OPEN_CORRUPT', source.name, `is damaged: ${message}`, { cause: error })
    }
    throw new OpenError('OPEN_CORRUPT', source.name, `is damaged: a frame does not hold the bytes that it should`)
  }

  function get(frame: TarBlock): Promise<Uint8Array> {
    const data = kept.get(frame) ?? load(frame)
    kept.delete(frame)
    kept.set(frame, data)
    data.catch(() => kept.delete(frame))
    for (const oldest of kept.keys()) if (kept.size > keptMax) kept.delete(oldest)
    return data
  }

  async function* read(wanted: readonly TarBlock[]): AsyncGenerator<Uint8Array> {
    for (const [i, frame] of wanted.entries()) {
      const data = get(frame)
      // Read meanwhile. A reader that needs one gets its error then.
      for (const next of wanted.slice(i + 1, i + 1 + ahead)) get(next).catch(() => {})
      yield await data
    }
  }

  return {
    isSeekable: true,
    size,
    blocks: frames,
    from: (offset, end = size) => readBlocks(source, frames, offset, end, read),
    close: async () => kept.clear(),
  }
}
