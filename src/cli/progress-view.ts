import type { WriteStream } from 'node:tty'
import { styleText } from 'node:util'
import type { FetchProgress, Progress } from '../index.ts'
import { printable } from '../printable.ts'
import { formatBytes } from '../units.ts'

/** Shows how far a build is. */
export interface ProgressView {
  show(progress: Progress): void
  /** Makes room for what is printed next. */
  clear(): void
}

/** Milliseconds between two pictures: no terminal shows more, and no build should wait for one. */
const INTERVAL = 80

const BAR_WIDTH = 24

/** Per cent between two lines where there is no terminal, as in the log of a nightly build. */
const LINE_EVERY = 10

/** A bar that is drawn over on a terminal, a line now and then elsewhere. */
export function createProgressView(stream: WriteStream): ProgressView {
  return stream.isTTY ? createBar(stream) : createLines(stream)
}

function createBar(stream: WriteStream): ProgressView {
  let shownAt = 0
  return {
    show(progress) {
      const now = performance.now()
      if (now - shownAt < INTERVAL) return
      shownAt = now
      const part = partOf(progress)
      // All in one line, or the next picture would not lie over it: the figures first, then the bar, then the path. The last
      // column stays free: some terminals go to the next line as soon as it is written.
      const columns = (stream.columns || 80) - 1
      const figures = `${percent(part).padStart(4)}  ${describe(progress)}`.slice(0, columns)
      const width = Math.max(0, Math.min(BAR_WIDTH, columns - figures.length - 1))
      const filled = Math.round(part * width)
      const bar = styleText('cyan', '█'.repeat(filled), { stream }) + '░'.repeat(width - filled)
      const gap = width > 0 ? ' ' : ''
      const name = printable(nameOf(progress)).slice(0, Math.max(0, columns - width - figures.length - 3))
      const path = name && `  ${styleText('dim', name, { stream })}`
      stream.write(`\r${bar}${gap}${figures}${path}\x1b[K`)
    },
    clear() {
      if (shownAt > 0) stream.write('\r\x1b[K')
      shownAt = 0
    },
  }
}

function createLines(stream: WriteStream): ProgressView {
  let next = LINE_EVERY
  return {
    show(progress) {
      const part = partOf(progress)
      if (part * 100 < next) return
      next = Math.floor((part * 100) / LINE_EVERY) * LINE_EVERY + LINE_EVERY
      stream.write(`${percent(part)}  ${describe(progress)}\n`)
    },
    clear() {},
  }
}

function partOf({ bytesDone, bytesTotal }: Progress): number {
  return bytesTotal === 0 ? 1 : bytesDone / bytesTotal
}

/** The store path without its folder and digest, which tell nobody anything. */
function nameOf({ path }: Progress): string {
  return path?.replace(/^.*\/[^-/]*-/, '') ?? ''
}

function percent(part: number): string {
  return `${Math.floor(part * 100)}%`
}

function describe({ fetched, ...packed }: Progress): string {
  return fetched ? `fetched ${portion(fetched)}, packed ${portion(packed)}` : portion(packed)
}

function portion({ bytesDone, bytesTotal }: Pick<FetchProgress, 'bytesDone' | 'bytesTotal'>): string {
  return `${formatBytes(bytesDone)} of ${bytesTotal === undefined ? 'an unknown size' : formatBytes(bytesTotal)}`
}
