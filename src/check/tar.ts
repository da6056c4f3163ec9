import { decodeByteString } from '../bytes/index.ts'
import { createByteInput } from '../unpack/index.ts'
import { createTarEntries, EXTENDED_MAX, normalizePath, type TarObserver } from '../untar/index.ts'
import { headSize } from './checked-entry.ts'
import { CheckError } from './errors.ts'
import type { Report } from './findings.ts'
import type { ImageCheck } from './image-check.ts'
import { reportGlobals, reportPaxHeader } from './pax-headers.ts'
import { shown } from './shown.ts'
import { createTarEnd, type Ending } from './tar-end.ts'
import { checkContents, checkedTarEntry, checkSparse, checkTarHeader } from './tar-header.ts'

/** What a tar archive came to. */
export interface TarSummary {
  readonly entries: number
  /** Bytes of the archive, with all that follows it. */
  readonly size: number
  /** Whether all entries were seen. */
  readonly isWhole: boolean
}

/** How archives of cpio begin: in octal digits, in hexadecimal ones, and two bytes of either order. */
const CPIO = /^(07070[127]|\xc7\x71|\x71\xc7)/
const CPIO_SIZE = 6

/** What is broken by bytes that end with an error. */
const RULE_OF = { IMAGE_TRUNCATED: 'truncated', IMAGE_CORRUPT: 'corrupt', IMAGE_UNBOUNDED: 'limits' } as const

/** Reports the faults of extended headers. */
function observerOf(report: Report): TarObserver {
  return {
    onGlobals: header => reportGlobals(header, report),
    onPax: (header, isSecond) => reportPaxHeader(header, isSecond, report),
    onEmptyPath: () => report('path', 'a long name is empty', { until: 258 }),
    onSpent: () =>
      report(
        'entry-type',
        'the label of a volume follows an extended header, which importers take for different entries',
      ),
    onTooLong(size) {
      const message = `the extended headers in front of an entry have ${size} bytes, where libarchive takes ${EXTENDED_MAX}`
      report('limits', `${message}: what is in the last of them is not looked at`)
    },
  }
}

/** Bytes taken at a time. */
const PIECE_SIZE = 64 * 1024

/**
 * Shows the entries of a tar archive to `check`, and reports the faults of the archive itself. A `CheckError` of
 * `bytes` becomes a finding; other errors of theirs go through.
 */
export async function readTar(bytes: AsyncIterable<Uint8Array>, check: ImageCheck): Promise<TarSummary> {
  const { report } = check
  const input = createByteInput(bytes, PIECE_SIZE)
  const archive = createTarEntries(input, observerOf(report))
  const end = createTarEnd(report)
  let entries = 0
  /** What follows an entry may be what it should not have: its contents. */
  let hint = ''

  async function readEntries(): Promise<Ending['kind']> {
    for (;;) {
      const next = await archive.next()
      if ('kind' in next) {
        if (next.kind !== 'zeros') return next.kind
        end.zeros(archive.offset)
        await archive.skipZeros()
        end.zerosEnd(archive.offset)
        continue
      }
      end.entry(next.path)
      checkTarHeader(next, report)
      hint = ''
      if (next.size > 0 && !(await checkContents(next, archive, report))) {
        const path = shown(next.path)
        hint = `: ${path}, in front of it, has a size, and its type has no contents`
      }
      const left = await checkSparse(next, hint === '' ? next.size : 0, archive, report)
      const wanted = headSize(normalizePath(next.path), next.header.mode ?? 0)
      const head = await archive.contents(left, wanted)
      if (head === undefined) return 'cut'
      entries++
      check.entry(checkedTarEntry(next, wanted > 0 ? head : undefined))
    }
  }

  try {
    const start = await input.peek(CPIO_SIZE)
    if (CPIO.test(decodeByteString(start))) {
      report('corrupt', 'is no tar archive, but one of cpio, which systemd up to 258 does not read', { until: 258 })
      await input.drain()
      return { entries, size: input.size, isWhole: false }
    }
    const kind = await readEntries()
    const { offset } = archive
    // What lies behind is read to its end all the same: for its size, and for what its compression says of it.
    await input.drain()
    return { entries, size: input.size, isWhole: end.finish({ kind, offset, size: input.size, hint }) }
  } catch (error) {
    if (!(error instanceof CheckError) || error.code === 'IMAGE_UNREADABLE') throw error
    const rule = RULE_OF[error.code as keyof typeof RULE_OF]
    // The machine is whole then; up to 260 systemd does not ask a decoder whether it came to its end.
    const isHarmless = rule === 'truncated' && end.isFound
    report(rule, error.message, isHarmless ? { since: 261 } : {})
    if (isHarmless) report(rule, error.message, { until: 260, severity: 'warning' })
    return { entries, size: input.size, isWhole: end.isFound }
  }
}
