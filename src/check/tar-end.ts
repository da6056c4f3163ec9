/** How a tar archive ends, and what comes behind that. */
import type { ByteString } from '../bytes/index.ts'
import { TAR_BLOCK_SIZE } from '../tar/index.ts'
import { normalizePath, type TarBreak } from '../untar/index.ts'
import type { Report } from './findings.ts'

/** The two blocks of zeros behind the last entry. */
const END = 2 * TAR_BLOCK_SIZE
/** Bytes that systemd reads at a time from 259 on. What it has read when it comes to the end it passes over. */
const BUFFER = 64 * 1024

/** What has been seen of the end of an archive. */
export interface TarEnd {
  /** Whether there were zeros where a header should be. Up to 258 systemd reads on behind them, newer ones do not. */
  readonly isFound: boolean
  /** There are zeros where a header should be, in the archive from `offset` on. */
  zeros(offset: number): void
  /** They end there. */
  zerosEnd(offset: number): void
  /** An entry comes next. */
  entry(path: ByteString): void
  /** Reports how the archive ends; whether all of its entries were seen. */
  finish(ending: Ending): boolean
}

/** Where reading stopped. */
export interface Ending {
  readonly kind: TarBreak['kind']
  readonly offset: number
  /** Bytes in all. */
  readonly size: number
  /** What may explain that there is no header. */
  readonly hint?: string
}

export function createTarEnd(report: Report): TarEnd {
  let isFound = false
  let end = 0
  let zeros = 0
  let isAnyEntry = false
  return {
    get isFound() {
      return isFound
    },
    zeros(offset) {
      if (!isFound) end = offset
      isFound = true
    },
    zerosEnd(offset) {
      if (zeros === 0) zeros = offset - end
    },
    entry(path) {
      isAnyEntry = true
      if (!isFound) return
      const message = `comes behind the end of the archive at byte ${end}, where systemd stops: make one archive of them`
      report('trailing-data', message, { path: normalizePath(path), since: 259 })
    },
    finish({ kind, offset, size, hint = '' }) {
      if (size === 0) {
        report('truncated', 'is empty')
        return false
      }
      const isBegun = isAnyEntry || offset > 0
      if (!isBegun && kind !== 'end') {
        report('corrupt', 'is no tar archive, and compressed in no way that is known')
        return false
      }
      if (isFound && kind !== 'cut') {
        reportBehind({ kind, offset, size })
        return true
      }
      if (kind === 'no-header') {
        report('corrupt', `has no header at byte ${offset} of the tar archive, where there should be one${hint}`)
        return false
      }
      if (kind === 'cut' || kind === 'part') {
        report('truncated', `ends in the middle of an entry, at byte ${size} of the tar archive: get the rest of it`)
        return false
      }
      if (kind === 'part-of-zeros') {
        const message = `ends with ${size - offset} bytes of zeros, where there should be ${END}`
        report('end', message, { since: 259 })
        report('end', message, { until: 258, severity: 'warning' })
      } else {
        const message = 'does not end with two blocks of zeros: it may be cut off, or made by something odd'
        report('end', message, { severity: 'warning' })
      }
      return true
    },
  }

  function reportBehind({ kind, offset, size }: Ending): void {
    const behind = size - offset
    if (zeros < END && behind === 0) {
      report('end', 'ends with one block of zeros, where there should be two', { severity: 'note' })
    }
    if (zeros > END + BUFFER) {
      report('trailing-zeros', `has ${zeros} bytes of zeros at its end: write records of 10240 bytes (tar -b 20)`)
    }
    if (behind === 0 || kind === 'part-of-zeros') return
    const message = `has ${behind} bytes behind its end at byte ${offset} of the tar archive: leave them out`
    // GNU tar passes over less than a block.
    const isMinded = { old: behind >= TAR_BLOCK_SIZE, new: size > Math.ceil((end + END) / BUFFER) * BUFFER }
    if (isMinded.old && isMinded.new) {
      report('trailing-data', `${message} (with pixz: -t)`)
      return
    }
    report('trailing-data', `${message} (with pixz: -t)`, { until: 258, ...(!isMinded.old && { severity: 'warning' }) })
    report('trailing-data', message, { since: 259, ...(!isMinded.new && { severity: 'warning' }) })
  }
}
