import { frontierChart } from './frontier-chart.ts'
import type { BenchReport, Row } from './report.ts'
import {
  COLOURS,
  card,
  coordinate,
  element,
  GAP,
  PADDING,
  segment,
  TOP,
  text,
  textWidth,
  tickText,
  WIDTH,
} from './svg.ts'

/** The charts of a report: SVG texts by file name. */
export function drawCharts({ tar, tarXz, rebuild, growth, frontier }: BenchReport): Map<string, string> {
  const charts = new Map<string, string>()
  if (tar) {
    const speed = ({ bytesPerSecond }: Row) => bytesPerSecond / 1e6
    const bars = barsOf(tar, speed, row => `${speed(row).toFixed(0)} MB/s`)
    charts.set('tar.svg', barChart({ title: 'Plain tar', subtitle: 'MB a second into a pipe, longer is better', bars }))
  }
  const seconds = (row: Row) => row.seconds
  if (tarXz) {
    const bars = barsOf(tarXz, seconds, row => `${row.seconds.toFixed(1)} s · ${(row.size / 1e6).toFixed(1)} MB`)
    charts.set('tar-xz.svg', barChart({ title: '.tar.xz', subtitle: 'seconds, shorter is better', bars }))
  }
  if (rebuild) {
    const bars = barsOf(rebuild, seconds, row => `${row.seconds.toFixed(2)} s`)
    const subtitle = 'seconds (by powers of ten), shorter is better'
    charts.set('rebuild.svg', barChart({ title: '.tar.xz, built again', subtitle, bars, isLogarithmic: true }))
  }
  if (growth) {
    const points = growth.map(({ tarSize, seconds, peakBytes }) => {
      return { x: tarSize / 1e6, y: seconds, text: `${seconds.toFixed(1)} s, ${(peakBytes / 1e6).toFixed(0)} MB` }
    })
    const subtitle = 'seconds for a quarter, a half and all of a closure; beside them the peak of memory'
    charts.set('growth.svg', lineChart({ title: 'Growth of nspawn-rootfs', subtitle, xLabel: 'MB of tar', points }))
  }
  if (frontier) charts.set('frontier.svg', frontierChart(frontier))
  return charts
}

function barsOf(rows: readonly Row[], value: (row: Row) => number, text: (row: Row) => string): Bar[] {
  return rows.map(row => ({ label: row.name, value: value(row), text: text(row), ours: row.ours }))
}

/** A bar of a chart. */
export interface Bar {
  readonly label: string
  /** Its length. */
  readonly value: number
  /** What stands behind it, such as `12.3 s · 239 MB`. */
  readonly text: string
  /** Whether it is ours: drawn in the colour that stands out. */
  readonly ours: boolean
}

/** Bars that compare one value of several contenders. */
export interface BarChart {
  readonly title: string
  /** What the length means, such as `seconds, shorter is better`. */
  readonly subtitle: string
  readonly bars: readonly Bar[]
  /** Lengths by logarithm, for values that are decades apart; gridlines at powers of ten. */
  readonly isLogarithmic?: boolean
}

const RIGHT = WIDTH - PADDING
const ROW_HEIGHT = 32
const BAR_HEIGHT = 20
const PLOT_MIN = 80

/** Horizontal bars in the order given. Throws a `RangeError` for a value that has no length. */
export function barChart({ title, subtitle, bars, isLogarithmic = false }: BarChart): string {
  for (const { label, value } of bars) checkValue(label, value)
  if (bars.length === 0) return emptyCard(title, subtitle)
  const { fraction, ticks } = (isLogarithmic ? logarithmicScale : linearScale)(bars.map(bar => bar.value))
  const width = (content: string, { ours }: Bar) => textWidth(content) * (ours ? 1.12 : 1)
  const axis = PADDING + Math.max(...bars.map(bar => width(bar.label, bar))) + GAP
  // Each text bounds only its own bar: a long one behind a short bar takes nothing from the others.
  const rooms = bars.map(bar => (RIGHT - axis - GAP - width(bar.text, bar)) / Math.max(0.01, fraction(bar.value)))
  const plot = Math.max(PLOT_MIN, Math.min(RIGHT - axis, ...rooms))
  const top = TOP + 4
  const bottom = top + bars.length * ROW_HEIGHT

  const parts = ticks(Math.floor(plot / 75)).flatMap(tick => {
    const x = axis + fraction(tick) * plot
    return [segment(x, top, x, bottom, COLOURS.grid), tickText(x, bottom + 17, formatTick(tick), 'middle')]
  })
  if (isLogarithmic) parts.push(tickText(axis - 32, bottom + 17, 'log scale', 'end'))
  for (const [i, { label, value, text: said, ours }] of bars.entries()) {
    const middle = top + (i + 0.5) * ROW_HEIGHT
    const bar = { x: axis, y: middle - BAR_HEIGHT / 2, width: fraction(value) * plot, height: BAR_HEIGHT, rx: 2 }
    const weight = ours ? 600 : undefined
    const fill = ours ? COLOURS.ours : COLOURS.ink
    parts.push(element('rect', { class: 'bar', ...bar, fill: ours ? COLOURS.ours : COLOURS.others }))
    parts.push(text(axis - GAP, middle + 5, label, { anchor: 'end', weight }))
    parts.push(text(axis + bar.width + 8, middle + 5, said, { fill, weight, halo: true }))
  }
  parts.push(segment(axis, top, axis, bottom, COLOURS.axis))
  const said = bars.map(bar => `${bar.label}: ${bar.text}`).join('; ')
  return card(title, subtitle, said, bottom + 37, parts)
}

/** A line that shows how a value grows. */
export interface LineChart {
  readonly title: string
  /** What the height means, such as `seconds, lower is better`. */
  readonly subtitle: string
  /** Names the x axis. */
  readonly xLabel: string
  readonly points: readonly { readonly x: number; readonly y: number; readonly text: string }[]
}

const PLOT_HEIGHT = 260

/** A line from 0 on both axes, with the text of each point above it. Throws a `RangeError` as {@link barChart} does. */
export function lineChart({ title, subtitle, xLabel, points }: LineChart): string {
  for (const { x, y, text } of points) for (const value of [x, y]) checkValue(text, value)
  if (points.length === 0) return emptyCard(title, subtitle)
  const across = linearScale(points.map(({ x }) => x))
  const step = tickStep(Math.max(...points.map(({ y }) => y)), 5)
  const count = Math.max(1, ...points.map(({ y }) => Math.ceil(y / (step || 1))))
  const left = PADDING + 50
  const top = TOP + 20
  const bottom = top + PLOT_HEIGHT
  const toX = (x: number) => left + across.fraction(x) * (RIGHT - GAP - left)
  const toY = (y: number) => bottom - (y / (count * (step || 1))) * PLOT_HEIGHT

  const parts = Array.from({ length: count + 1 }, (_, i) => i * (step || 1)).flatMap(tick => [
    segment(left, toY(tick), RIGHT, toY(tick), tick === 0 ? COLOURS.axis : COLOURS.grid),
    tickText(left - GAP, toY(tick) + 4, formatTick(tick), 'end'),
  ])
  const line = points.map(({ x, y }) => `${coordinate(toX(x))},${coordinate(toY(y))}`).join(' ')
  const stroke = { fill: 'none', stroke: COLOURS.ours, 'stroke-width': 3, 'stroke-linejoin': 'round' }
  parts.push(element('polyline', { points: line, ...stroke }))
  for (const { x, y, text: said } of points) {
    const middle = Math.max(left + textWidth(said) / 2, toX(x) - textWidth(said) / 2 - GAP)
    parts.push(segment(toX(x), bottom, toX(x), bottom + 5, COLOURS.axis))
    parts.push(tickText(toX(x), bottom + 19, x.toFixed(0), 'middle'))
    const dot = { r: 4.5, fill: COLOURS.ours, stroke: '#ffffff', 'stroke-width': 1.5 }
    parts.push(element('circle', { cx: toX(x), cy: toY(y), ...dot }))
    parts.push(text(middle, toY(y) - GAP, said, { fill: COLOURS.ours, anchor: 'middle', weight: 600, halo: true }))
  }
  parts.push(text((left + RIGHT) / 2, bottom + 42, xLabel, { fill: COLOURS.muted, anchor: 'middle' }))
  const said = points.map(({ x, text }) => `${x.toFixed(0)} ${xLabel}: ${text}`).join('; ')
  return card(title, subtitle, said, bottom + 62, parts)
}

function emptyCard(title: string, subtitle: string): string {
  const nothing = 'nothing measured'
  return card(title, subtitle, nothing, TOP + 84, [
    text(WIDTH / 2, TOP + 40, nothing, { fill: COLOURS.muted, anchor: 'middle' }),
  ])
}

function checkValue(label: string, value: number): void {
  if (Number.isFinite(value) && value >= 0) return
  throw new RangeError(`a chart cannot show ${value} (of '${label}'): give a finite number that is not negative`)
}

interface Scale {
  /** Where a value lies between the start of the axis, 0, and the greatest value, 1. */
  readonly fraction: (value: number) => number
  /** About `most` round values from the start of the axis up to the greatest. */
  readonly ticks: (most: number) => readonly number[]
}

function linearScale(values: readonly number[]): Scale {
  const max = Math.max(...values)
  return {
    fraction: value => (max === 0 ? 0 : value / max),
    ticks: most => {
      const step = tickStep(max, most)
      return step === 0 ? [0] : Array.from({ length: Math.floor(max / step) + 1 }, (_, i) => i * step)
    },
  }
}

function logarithmicScale(values: readonly number[]): Scale {
  const positive = values.filter(value => value > 0)
  if (positive.length === 0) return { fraction: () => 0, ticks: () => [] }
  // A power of ten that is at most half the least value, for the least bar is to be seen.
  const start = Math.floor(Math.log10(Math.min(...positive)) - Math.log10(2))
  const decades = Math.log10(Math.max(...positive)) - start
  return {
    fraction: value => (value > 0 ? (Math.log10(value) - start) / decades : 0),
    ticks: most => {
      const step = Math.max(1, Math.round(decades / most))
      // 10 ** -5 need not be the number nearest to 0.00001, what is parsed is.
      return Array.from({ length: Math.floor(decades / step) + 1 }, (_, i) => Number(`1e${start + i * step}`))
    },
  }
}

/** The least of 1, 2, 5 times a power of ten that divides `max` into at most `most` parts; 0 if nothing does. */
function tickStep(max: number, most: number): number {
  const least = max / most
  const power = Math.floor(Math.log10(least))
  return [1, 2, 5, 10].map(factor => Number(`${factor}e${power}`)).find(step => step >= least) ?? 0
}

function formatTick(value: number): string {
  const rounded = Number(value.toPrecision(6))
  if (rounded !== 0 && (rounded >= 1e6 || rounded < 1e-4)) return rounded.toExponential().replace('e+', 'e')
  return rounded.toLocaleString('en-US', { maximumSignificantDigits: 6 })
}
