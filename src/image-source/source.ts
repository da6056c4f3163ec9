/** The bytes of an image file, read at any place: from a disk or a web server. */
import type { Stats } from 'node:fs'
import { abortable } from '../abortable.ts'
import { describeUrl } from '../describe-url.ts'
import { openRegularFile, reasonOf } from '../disk/index.ts'
import type { FileRange } from '../http/index.ts'
import type { Access } from '../nar-file/index.ts'
import { OpenError } from './errors.ts'

/** Options of a read. */
export interface ReadOptions {
  /** Asks it to give up. */
  readonly signal?: AbortSignal
}

/** Bytes that can be read at any place: what a program hands in. */
export interface RandomAccess {
  /** Bytes in all. */
  readonly size: number
  /** `length` bytes from `offset` on, all of which are within `size`. */
  read(offset: number, length: number, options: ReadOptions): Promise<Uint8Array>
}

/** An image file that was opened. */
export interface ImageSource extends RandomAccess {
  /** The image, for messages. */
  readonly name: string
  /** Whether reading here and there is no slower than reading all. A server may send nothing but whole files. */
  readonly isSeekable: boolean
  /** Bytes that were given so far. */
  readonly bytesRead: number
  /** The same into memory, which may be shared. */
  fill(target: Uint8Array, offset: number, options: ReadOptions): Promise<void>
  /** All bytes from `offset` on, up to `end`, which is their end if absent. */
  stream(offset: number, end?: number): AsyncGenerator<Uint8Array>
  close(): Promise<void>
}

/** Bytes read at a time, where all are read in order. */
const STREAM_SIZE = 256 * 1024

/** Bytes fetched in the first place: with them come the size of the file and what it is compressed with. */
const HEAD_SIZE = 16 * 1024

/** Bytes of an image that pull-tar takes, compressed or not (systemd `src/import/pull-job.c`). */
export const IMAGE_SIZE_MAX = 64 * 1024 ** 3

/** Opens a file on disk. Throws `OpenError` OPEN_UNREADABLE, and so does what reads it. */
export async function openFile(path: string, signal?: AbortSignal): Promise<ImageSource> {
  const fail = (error: unknown) => unreadable(path, reasonOf(error), error)
  const explain = (found: Stats) => (found.isDirectory() ? 'it is a folder' : 'it is no regular file, and cannot seek')
  const handle = await openRegularFile(path, { signal, explain }).catch(error => {
    throw fail(error)
  })
  const { size } = await handle.stat().catch(async error => {
    await handle.close()
    throw fail(error)
  })
  return createSource(path, {
    size,
    async fill(target, offset) {
      try {
        for (let at = 0; at < target.length; ) {
          const { bytesRead } = await handle.read(target, at, target.length - at, offset + at)
          if (bytesRead === 0) throw new Error(`it ends at byte ${offset + at}, and had ${size} bytes before`)
          at += bytesRead
        }
      } catch (error) {
        throw fail(error)
      }
    },
    close: () => handle.close(),
  })
}

/**
 * Opens a file on a web server, which is asked for ranges. A server that has none sends the whole file each time: it is not
 * seekable. Throws `OpenError` OPEN_UNREADABLE and `HttpError`, and so does what reads it.
 */
export async function openUrl(url: string, access: Access): Promise<ImageSource> {
  const name = describeUrl(url)
  const start = await fetchRange({ start: 0, size: HEAD_SIZE })
  const { identity, isPart } = start
  const { length: size } = identity
  const head = new Uint8Array(Math.min(HEAD_SIZE, size ?? HEAD_SIZE))
  await collect(start.bytes, head)
  if (size === undefined) {
    throw unreadable(name, 'the server does not say how many bytes it has; download the image and open the file')
  }

  async function fetchRange(range: FileRange) {
    const answer = await access.openRange(url, range, IMAGE_SIZE_MAX)
    if (answer === undefined) throw unreadable(name, 'the server has no such file')
    return answer
  }
  return createSource(name, {
    size,
    isSeekable: isPart,
    async fill(target, offset) {
      const { length } = target
      if (offset + length <= head.length) target.set(head.subarray(offset, offset + length))
      else await collect((await fetchRange({ start: offset, size: length, identity })).bytes, target)
    },
    async *stream(offset, end = size) {
      if (end > offset) yield* (await fetchRange({ start: offset, size: end - offset, identity })).bytes
    },
    close: () => access.close(),
  })
}

/** Takes over what a program hands in. Its reads need not know `signal`. */
export function sourceOf(given: RandomAccess, signal: AbortSignal): ImageSource {
  return createSource('the image', {
    size: given.size,
    async fill(target, offset, options) {
      const { length } = target
      const bytes = await abortable(() => given.read(offset, length, options), signal)
      if (bytes instanceof Uint8Array && bytes.length === length) return target.set(bytes)
      const got = bytes instanceof Uint8Array ? `${bytes.length}` : 'no'
      throw new TypeError(`source.read(${offset}, ${length}): gives ${got} bytes`)
    },
    close: async () => {},
  })
}

function createSource(
  name: string,
  parts: Pick<ImageSource, 'size' | 'fill' | 'close'> & Partial<Pick<ImageSource, 'stream' | 'isSeekable'>>,
): ImageSource {
  const { size } = parts
  let bytesRead = 0
  const fill: ImageSource['fill'] = async (target, offset, options) => {
    await parts.fill(target, offset, options)
    bytesRead += target.length
  }
  const read: ImageSource['read'] = async (offset, length, options) => {
    const bytes = new Uint8Array(length)
    await fill(bytes, offset, options)
    return bytes
  }
  return {
    isSeekable: true,
    ...parts,
    name,
    get bytesRead() {
      return bytesRead
    },
    read,
    fill,
    async *stream(offset, end = size) {
      if (parts.stream === undefined) {
        for (let at = offset; at < end; at += STREAM_SIZE) yield await read(at, Math.min(STREAM_SIZE, end - at), {})
        return
      }
      for await (const bytes of parts.stream(offset, end)) {
        bytesRead += bytes.length
        yield bytes
      }
    },
  }
}

/** Fills memory with bytes that come in pieces. */
async function collect(bytes: AsyncIterable<Uint8Array>, target: Uint8Array): Promise<void> {
  let at = 0
  for await (const piece of bytes) {
    target.set(piece.subarray(0, target.length - at), at)
    at += piece.length
  }
}

function unreadable(name: string, why: string, cause?: unknown): OpenError {
  return new OpenError('OPEN_UNREADABLE', name, `cannot be read: ${why}`, { cause })
}
