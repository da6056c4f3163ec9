/**
 * Charts as SVG: bars on a white card, which reads on a light page as on a dark one. SVG 1.1 has no layout, and fonts differ:
 * widths are estimated with those of a wide one, DejaVu Sans.
 */
import type { BenchReport, Row } from './report.ts'

/** The charts of a report: SVG texts by file name. */
export function drawCharts({ tar, tarXz, rebuild, growth }: BenchReport): Map<string, string> {
  const charts = new Map<string, Chart>()
  const speed = ({ bytesPerSecond }: Row) => bytesPerSecond / 1e6
  const seconds = (row: Row) => row.seconds
  if (tar) {
    const bars = barsOf(tar, speed, row => `${speed(row).toFixed(0)} MB/s`)
    charts.set('tar.svg', { title: 'Plain tar', subtitle: 'MB a second into a pipe, longer is better', bars })
  }
  if (tarXz) {
    const bars = barsOf(tarXz, seconds, row => `${row.seconds.toFixed(1)} s · ${megabytes(row.size, 1)}`)
    charts.set('tar-xz.svg', { title: '.tar.xz', subtitle: 'seconds, shorter is better', bars })
  }
  if (rebuild) {
    const bars = barsOf(rebuild, seconds, row => `${row.seconds.toFixed(2)} s`)
    charts.set('rebuild.svg', { title: '.tar.xz, built again', subtitle: 'seconds, shorter is better', bars })
  }
  if (growth) {
    const bars = growth.map(({ tarSize, seconds, peakBytes }) => ({
      label: `${megabytes(tarSize)} of tar`,
      value: seconds,
      text: `${seconds.toFixed(1)} s, ${megabytes(peakBytes)}`,
      ours: true,
    }))
    const subtitle = 'seconds for a quarter, a half and all of a closure; beside them the peak of memory'
    charts.set('growth.svg', { title: 'Growth of nspawn-rootfs', subtitle, bars })
  }
  return new Map([...charts].map(([file, chart]) => [file, drawChart(chart)]))
}

function barsOf(rows: readonly Row[], value: (row: Row) => number, text: (row: Row) => string): Bar[] {
  return rows.map(row => ({ label: row.name, value: value(row), text: text(row), ours: row.ours }))
}

function megabytes(bytes: number, digits = 0): string {
  return `${(bytes / 1e6).toFixed(digits)} MB`
}

/** A bar of a chart. */
export interface Bar {
  readonly label: string
  /** Its length, at least 0. */
  readonly value: number
  /** The text behind it, such as `12.3 s · 239 MB`. */
  readonly text: string
  /** Whether it is ours: drawn in the colour that stands out. */
  readonly ours: boolean
}

/** Bars that compare one value of several contenders. */
export interface Chart {
  readonly title: string
  /** The meaning of the lengths, such as `seconds, shorter is better`. */
  readonly subtitle: string
  readonly bars: readonly Bar[]
}

const WIDTH = 760
const PADDING = 28
const GAP = 10
const TOP = PADDING + 58
const ROW_HEIGHT = 32
const BAR_HEIGHT = 20
const BAR_MAX_LEAST = 80
const TEXT_SIZE = 13

const COLOURS = { ink: '#1f2937', muted: '#5b6675', axis: '#9aa5b4', others: '#a9b5c6', ours: '#2563eb' } as const

/** Draws horizontal bars in the order given. Throws a `RangeError` for a value that has no length. */
export function drawChart({ title, subtitle, bars }: Chart): string {
  for (const { label, value } of bars) checkValue(label, value)
  const right = WIDTH - PADDING
  const axis = PADDING + Math.max(0, ...bars.map(bar => widthOf(bar.label, bar))) + GAP
  const greatest = Math.max(0, ...bars.map(bar => bar.value)) || 1
  // Each text bounds only its own bar: a long one behind a short bar takes nothing from the others.
  const rooms = bars.map(bar => (right - axis - GAP - widthOf(bar.text, bar)) / Math.max(0.01, bar.value / greatest))
  const longest = Math.max(BAR_MAX_LEAST, Math.min(right - axis, ...rooms))
  const bottom = TOP + bars.length * ROW_HEIGHT
  const height = bottom + PADDING
  const parts = bars.flatMap(({ label, value, text: said, ours }, i) => {
    const middle = TOP + (i + 0.5) * ROW_HEIGHT
    const width = (value / greatest) * longest
    const bar = { x: axis, y: middle - BAR_HEIGHT / 2, width, height: BAR_HEIGHT, rx: 2 }
    const weight = ours ? 600 : 400
    return [
      element('rect', { ...bar, fill: ours ? COLOURS.ours : COLOURS.others }),
      text(axis - GAP, middle + 5, label, { 'font-weight': weight, 'text-anchor': 'end' }),
      text(axis + width + 8, middle + 5, said, { 'font-weight': weight, fill: ours ? COLOURS.ours : COLOURS.ink }),
    ]
  })
  const root = {
    ...{ xmlns: 'http://www.w3.org/2000/svg', width: WIDTH, height, viewBox: `0 0 ${WIDTH} ${height}` },
    ...{ role: 'img', 'aria-label': title, 'font-family': 'system-ui, -apple-system, "Segoe UI", sans-serif' },
  }
  const card = { x: 0.5, y: 0.5, width: WIDTH - 1, height: height - 1, rx: 10, fill: '#ffffff', stroke: '#d5dbe5' }
  const said = bars.map(bar => `${bar.label}: ${bar.text}`).join('; ') || 'nothing measured'
  const lines = [
    element('title', {}, escapeText(title)),
    element('desc', {}, escapeText(`${subtitle}. ${said}`)),
    element('rect', card),
    text(PADDING, PADDING + 15, title, { 'font-size': 18, 'font-weight': 600 }),
    text(PADDING, PADDING + 36, subtitle, { fill: COLOURS.muted }),
    ...parts,
    element('line', { x1: axis, y1: TOP, x2: axis, y2: bottom, stroke: COLOURS.axis }),
  ]
  return `${element('svg', root, `\n${lines.join('\n')}\n`)}\n`
}

function checkValue(label: string, value: number): void {
  if (Number.isFinite(value) && value >= 0) return
  throw new RangeError(`a chart cannot show ${value} (of '${label}'): give a finite number that is not negative`)
}

type Attributes = Readonly<Record<string, string | number>>

function text(x: number, y: number, content: string, attributes: Attributes): string {
  return element('text', { x, y, 'font-size': TEXT_SIZE, fill: COLOURS.ink, ...attributes }, escapeText(content))
}

/** An estimate in pixels that is rather too wide, for too narrow would clip. Ours are bold. */
function widthOf(content: string, { ours }: Bar): number {
  const ems = Array.from(content, character =>
    /[ijl.,:;'|! frt()[\]/·-]/.test(character) ? 0.4 : /[mwMW@%]/.test(character) ? 0.96 : 0.66,
  )
  return ems.reduce((sum, each) => sum + each, 0) * TEXT_SIZE * (ours ? 1.12 : 1)
}

function element(name: string, attributes: Attributes, content?: string): string {
  // Hundredths of a pixel: finer is not seen.
  const format = (value: string | number) =>
    typeof value === 'number' ? Math.round(value * 100) / 100 : escapeText(value)
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${format(value)}"`)
  const start = `<${name}${written.join('')}`
  return content === undefined ? `${start}/>` : `${start}>${content}</${name}>`
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** For content and attributes. XML 1.0 can say neither most control characters nor lone surrogates. */
function escapeText(value: string): string {
  return value
    .toWellFormed()
    .replace(/[\p{Cc}\ufffe\uffff]/gu, ' ')
    .replace(/[&<>"]/g, character => ESCAPES[character]!)
}
