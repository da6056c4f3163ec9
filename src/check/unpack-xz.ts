import { setTimeout as sleep } from 'node:timers/promises'
import { FILTER_ARM64 } from '../xz/index.ts'
import type { ByteInput } from './byte-input.ts'
import { CheckError } from './errors.ts'
import type { Report } from './findings.ts'
import { reportTrailingBytes } from './stream-ends.ts'
import { createXzMeter } from './xz-meter.ts'

/** Filters that not every liblzma of systemd 252's time knows, by ID: the first that does, and what asks for them. */
const NEW_FILTERS: Readonly<Record<number, { name: string; since: string; option: string }>> = {
  [FILTER_ARM64]: { name: 'ARM64', since: '5.4 (2022)', option: '--arm64-branches (xz: --arm64)' },
  11: { name: 'RISC-V', since: '5.6 (2024)', option: '--riscv of xz' },
}

/** Bytes that the decoder may be behind: it runs in a thread of its own, and keeps all that it is given. */
const BEHIND_MAX = 8 * 1024 * 1024
/** Milliseconds without a byte after which nothing is waited for: then the frame lied, and the decoder will say so. */
const IDLE_MAX = 2_000

/** Bytes that liblzma waits for before it says that they begin no stream. */
const STREAM_HEADER = 12

const NOTHING = new Uint8Array(0)

/**
 * Decompresses an .xz file of any streams, blocks, filters and checks, in memory that does not grow with it. Throws
 * `CheckError`.
 */
export async function* unpackXz(input: ByteInput, report: Report): AsyncGenerator<Uint8Array> {
  const { XzDecompressor } = await import('@napi-rs/lzma')
  const decoder = new XzDecompressor()
  const meter = createXzMeter()
  let given = 0
  /** Feeds the decoder until it is at most `behindMax` bytes behind. */
  async function* decode(bytes: Uint8Array, behindMax: number): AsyncGenerator<Uint8Array> {
    for (let idle = 0, out = decoder.update(bytes); ; out = decoder.update(NOTHING)) {
      if (out.length > 0) yield out
      given += out.length
      idle = out.length > 0 ? 0 : idle + 1
      if (meter.unpacked - given <= behindMax || idle > IDLE_MAX) return
      await sleep(1)
    }
  }
  try {
    // Of what may be no stream nothing goes into the decoder, which would fail with data in it that it has not given.
    let held: Uint8Array = NOTHING
    for (let piece = await input.take(); piece !== undefined; piece = await input.take()) {
      meter.push(piece)
      const bytes = held.length === 0 ? piece : Buffer.concat([held, piece])
      const good = Math.max(0, bytes.length - meter.behind)
      held = meter.isLost ? NOTHING : bytes.subarray(good)
      if (good > 0) yield* decode(bytes.subarray(0, good), BEHIND_MAX)
    }
    if (meter.behind > 0) reportTrailingBytes('xz', report, meter.behind < STREAM_HEADER ? { since: 261 } : {})
    // What it has not given when it finds no end, it does not give.
    if (!meter.isAtEnd && meter.behind === 0) yield* decode(NOTHING, 0)
    yield await decoder.finish()
  } catch (error) {
    const reason = (error as Error).message
    if (meter.isLost || meter.isAtEnd || (await input.take()) !== undefined) {
      throw new CheckError('IMAGE_CORRUPT', `cannot be decompressed as xz: ${reason}`, { cause: error })
    }
    const message = `ends in the middle of its xz data, behind ${input.size} bytes: get the rest of it`
    throw new CheckError('IMAGE_TRUNCATED', message, { cause: error })
  }
  for (const id of meter.filters) {
    const filter = NEW_FILTERS[id]
    if (filter === undefined) continue
    const { name, since, option } = filter
    const advice = `for hosts with an older one, compress the image without ${option}`
    report('xz-filter', `has blocks that need the ${name} filter, and so liblzma ${since}: ${advice}`)
  }
}
