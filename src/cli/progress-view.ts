import type { WriteStream } from 'node:tty'
import { styleText } from 'node:util'
import type { FetchProgress, Progress, PullProgress } from '../index.ts'
import { printable } from '../printable.ts'
import { formatBytes } from '../units.ts'

/** Shows progress. */
export interface View<Progress> {
  show(progress: Progress): void
  /** Clears the progress before something else is printed. */
  clear(): void
}

/** The lines that are shown. */
export interface Picture {
  /** From 0 to 1. */
  readonly part: number
  /** Amounts, in words. */
  readonly figures: string
  /** The current work. */
  readonly name: string
}

/** Milliseconds between two pictures: no terminal shows more, and no build should wait for one. */
const INTERVAL = 80

const BAR_WIDTH = 24

/** Per cent between two lines where there is no terminal, as in the log of a nightly build. */
const LINE_EVERY = 10

/** Milliseconds before the first line where there is no terminal: what is done sooner needs none, and cron mails each line. */
const SILENCE = 10_000

/** Shows the progress of a build. */
export function createProgressView(stream: WriteStream): View<Progress> {
  return createView(stream, pictureOfBuild)
}

/** Shows the progress of a pull. */
export function createPullView(stream: WriteStream): View<PullProgress> {
  return createView(stream, pictureOfPull)
}

/** A bar that is redrawn on a terminal; elsewhere, a line now and then. */
function createView<P>(stream: WriteStream, pictureOf: (progress: P) => Picture): View<P> {
  return stream.isTTY ? createBar(stream, pictureOf) : createLines(stream, pictureOf)
}

function createBar<P>(stream: WriteStream, pictureOf: (progress: P) => Picture): View<P> {
  let shownAt = 0
  return {
    show(progress) {
      const now = performance.now()
      if (now - shownAt < INTERVAL) return
      shownAt = now
      const { part, figures: amounts, name: shown } = pictureOf(progress)
      // All in one line, or the next picture would not lie over it: the figures first, then the bar, then the path. The last
      // column stays free: some terminals go to the next line as soon as it is written.
      const columns = (stream.columns || 80) - 1
      const figures = `${percent(part).padStart(4)}  ${amounts}`.slice(0, columns)
      const width = Math.max(0, Math.min(BAR_WIDTH, columns - figures.length - 1))
      const filled = Math.round(part * width)
      const bar = styleText('cyan', '█'.repeat(filled), { stream }) + '░'.repeat(width - filled)
      const gap = width > 0 ? ' ' : ''
      const name = printable(shown).slice(0, Math.max(0, columns - width - figures.length - 3))
      const path = name && `  ${styleText('dim', name, { stream })}`
      stream.write(`\r${bar}${gap}${figures}${path}\x1b[K`)
    },
    clear() {
      if (shownAt > 0) stream.write('\r\x1b[K')
      shownAt = 0
    },
  }
}

function createLines<P>(stream: WriteStream, pictureOf: (progress: P) => Picture): View<P> {
  const begun = performance.now()
  let next = LINE_EVERY
  return {
    show(progress) {
      if (performance.now() - begun < SILENCE) return
      const { part, figures } = pictureOf(progress)
      if (part * 100 < next) return
      next = Math.floor((part * 100) / LINE_EVERY) * LINE_EVERY + LINE_EVERY
      stream.write(`${percent(part)}  ${figures}\n`)
    },
    clear() {},
  }
}

function pictureOfBuild(progress: Progress): Picture {
  const { bytesDone, bytesTotal, fetched, path } = progress
  const packed = portion(progress)
  return {
    part: bytesTotal === 0 ? 1 : bytesDone / bytesTotal,
    figures: fetched ? `fetched ${portion(fetched)}, packed ${packed}` : packed,
    // The folder and the digest of a store path mean nothing to people.
    name: path?.replace(/^.*\/[^-/]*-/, '') ?? '',
  }
}

function pictureOfPull({ bytesReused, bytesFetched, bytesTotal }: PullProgress): Picture {
  const done = bytesReused + bytesFetched
  const rest = bytesTotal === undefined ? 'an unknown size' : formatBytes(Math.max(0, bytesTotal - done))
  return {
    // A damaged file is fetched again.
    part: bytesTotal ? Math.min(1, done / bytesTotal) : 0,
    figures: `reused ${formatBytes(bytesReused)}, fetched ${formatBytes(bytesFetched)}, ${rest} to go`,
    name: '',
  }
}

function percent(part: number): string {
  return `${Math.floor(part * 100)}%`
}

function portion({ bytesDone, bytesTotal }: Pick<FetchProgress, 'bytesDone' | 'bytesTotal'>): string {
  return `${formatBytes(bytesDone)} of ${bytesTotal === undefined ? 'an unknown size' : formatBytes(bytesTotal)}`
}
