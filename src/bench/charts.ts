import { frontierChart } from './frontier-chart.ts'
import type { BenchReport, Row } from './report.ts'
import { COLOURS, card, element, GAP, PADDING, segment, TOP, text, textWidth, WIDTH } from './svg.ts'

/** The charts of a report: SVG texts by file name. */
export function drawCharts({ tar, tarXz, rebuild, growth, frontier }: BenchReport): Map<string, string> {
  const charts = new Map<string, BarChart>()
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
  const drawn = new Map([...charts].map(([file, chart]) => [file, barChart(chart)]))
  if (frontier) drawn.set('frontier.svg', frontierChart(frontier))
  return drawn
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
export interface BarChart {
  readonly title: string
  /** The meaning of the lengths, such as `seconds, shorter is better`. */
  readonly subtitle: string
  readonly bars: readonly Bar[]
}

const RIGHT = WIDTH - PADDING
const ROW_HEIGHT = 32
const BAR_HEIGHT = 20
/** Pixels of the longest bar, at least. */
const LONGEST_MIN = 80

/** Draws horizontal bars in the order given. Throws a `RangeError` for a value that has no length. */
export function barChart({ title, subtitle, bars }: BarChart): string {
  for (const { label, value } of bars) checkValue(label, value)
  const widthOf = (content: string, { ours }: Bar) => textWidth(content) * (ours ? 1.12 : 1)
  const axis = PADDING + Math.max(0, ...bars.map(bar => widthOf(bar.label, bar))) + GAP
  const greatest = Math.max(0, ...bars.map(bar => bar.value)) || 1
  // Each text bounds only its own bar: a long one behind a short bar takes nothing from the others.
  const rooms = bars.map(bar => (RIGHT - axis - GAP - widthOf(bar.text, bar)) / Math.max(0.01, bar.value / greatest))
  const longest = Math.max(LONGEST_MIN, Math.min(RIGHT - axis, ...rooms))
  const top = TOP + 4
  const bottom = top + bars.length * ROW_HEIGHT
  const parts = bars.flatMap(({ label, value, text: said, ours }, i) => {
    const middle = top + (i + 0.5) * ROW_HEIGHT
    const width = (value / greatest) * longest
    const bar = { x: axis, y: middle - BAR_HEIGHT / 2, width, height: BAR_HEIGHT, rx: 2 }
    const weight = ours ? 600 : undefined
    return [
      element('rect', { ...bar, fill: ours ? COLOURS.ours : COLOURS.others }),
      text(axis - GAP, middle + 5, label, { anchor: 'end', weight }),
      text(axis + width + 8, middle + 5, said, { fill: ours ? COLOURS.ours : COLOURS.ink, weight }),
    ]
  })
  parts.push(segment(axis, top, axis, bottom, COLOURS.axis))
  const said = bars.map(bar => `${bar.label}: ${bar.text}`).join('; ') || 'nothing measured'
  return card(title, subtitle, said, bottom + PADDING, parts)
}

function checkValue(label: string, value: number): void {
  if (Number.isFinite(value) && value >= 0) return
  throw new RangeError(`a chart cannot show ${value} (of '${label}'): give a finite number that is not negative`)
}
