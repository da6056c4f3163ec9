/**
 * What an .xz file holds, told by its frame alone (xz-file-format 1.2): no byte of it is decompressed.
 *
 *     file   = { stream | 4 zero bytes }
 *     stream = header, { block }, index, footer
 *     block  = header, { LZMA2 chunk }, 00, zeros to a multiple of four, check
 */
import { readU32le } from '../bytes/index.ts'
import { checkSize, decodeBlockHeader, decodeStreamHeader, STREAM_HEADER_SIZE } from '../xz/index.ts'

/** What the bytes so far told. */
export interface XzMeter {
  /** Bytes that the chunks so far decompress to. */
  readonly unpacked: number
  /** The IDs of the filters so far. */
  readonly filters: ReadonlySet<number>
  /** Whether a stream has ended and nothing but padding came behind it. */
  readonly isAtEnd: boolean
  /** Bytes behind the last stream and its padding that do not begin another, so far. */
  readonly behind: number
  /** Whether what came is no .xz: nothing more is told of it. */
  readonly isLost: boolean
  push(bytes: Uint8Array): void
}

/** Bytes to look at, or to pass over. */
type Step = { readonly read: number } | { readonly skip: number }

/** Measures an .xz file, given in pieces that may be cut anywhere. */
export function createXzMeter(): XzMeter {
  const filters = new Set<number>()
  let unpacked = 0
  let isBetween = false
  let isLost = false
  /** Bytes that were pushed, those that were walked through, and where the last stream or its padding ended. */
  let pushed = 0
  let at = 0
  let end = 0

  function* walkFile(): Generator<Step, never, Uint8Array> {
    for (;;) {
      const start = yield { read: 4 }
      if (isBetween && readU32le(start, 0) === 0) {
        end += 4
        continue
      }
      const { check } = decodeStreamHeader(Buffer.concat([start, yield { read: STREAM_HEADER_SIZE - 4 }]))
      isBetween = false
      for (;;) {
        const size = yield { read: 1 }
        if (size[0] === 0) break
        const header = decodeBlockHeader(Buffer.concat([size, yield { read: (size[0]! + 1) * 4 - 1 }]))
        for (const { id } of header.filters) filters.add(id)
        const length: number = yield* walkChunks()
        yield { skip: (-length & 3) + checkSize(check) }
      }
      yield* walkIndex()
      yield { skip: STREAM_HEADER_SIZE }
      isBetween = true
      end = at
    }
  }

  function* walkChunks(): Generator<Step, number, Uint8Array> {
    for (let length = 1; ; ) {
      const [control] = yield { read: 1 }
      if (control === 0) return length
      const isStored = control! < 0x80
      const sizes = yield { read: isStored ? 2 : 4 }
      const size = (isStored ? 0 : (control! & 31) * 0x1_0000) + sizes[0]! * 256 + sizes[1]! + 1
      const body = isStored ? size : sizes[2]! * 256 + sizes[3]! + 1 + (control! >= 0xc0 ? 1 : 0)
      yield { skip: body }
      unpacked += size
      length += 1 + sizes.length + body
    }
  }

  function* walkIndex(): Generator<Step, void, Uint8Array> {
    let length = 1
    const number = function* (): Generator<Step, number, Uint8Array> {
      for (let value = 0, unit = 1; ; unit *= 128) {
        const [byte] = yield { read: 1 }
        length++
        value += (byte! & 127) * unit
        if (byte! < 128) return value
      }
    }
    const count = yield* number()
    for (let i = 0; i < 2 * count; i++) yield* number()
    yield { skip: (-length & 3) + 4 }
  }

  const steps = walkFile()
  let step: Step = steps.next().value
  let gathered: Uint8Array = new Uint8Array(0)
  let left = sizeOf(step)
  return {
    get unpacked() {
      return unpacked
    },
    filters,
    get isAtEnd() {
      return isBetween && pushed === end
    },
    get behind() {
      return isBetween ? pushed - end : 0
    },
    get isLost() {
      return isLost
    },
    push(bytes) {
      pushed += bytes.length
      for (let from = 0; from < bytes.length && !isLost; ) {
        const part = bytes.subarray(from, from + left)
        from += part.length
        at += part.length
        left -= part.length
        if ('read' in step) gathered = gathered.length === 0 ? part.slice() : Buffer.concat([gathered, part])
        while (left === 0 && !isLost) {
          try {
            step = steps.next(gathered).value
          } catch {
            isLost = true
          }
          left = sizeOf(step)
          gathered = new Uint8Array(0)
        }
      }
    },
  }
}

function sizeOf(step: Step): number {
  return 'read' in step ? step.read : step.skip
}
