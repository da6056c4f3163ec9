import {
  AXIS,
  blockHeight,
  card,
  element,
  emptyCard,
  GAP,
  GRID,
  headerHeight,
  INK,
  OTHER_BAR,
  OURS,
  PADDING,
  RIGHT,
  ROW_HEIGHT,
  segment,
  TEXT_SIZE,
  textBlock,
  tickText,
  widest,
  wrap,
} from './card.ts'
import { checkValue, formatTick, linearScale, logarithmicScale, type Scale } from './scale.ts'

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
  readonly logarithmic?: boolean
}

const BAR_HEIGHT = 20
const LEAST_BARS_WIDTH = 80
const VALUE_TEXT_WIDTH = 320

/** The size by which to estimate how wide a text is: those of ours are bold, and wider for that. */
function widthSize(ours: boolean): number {
  return ours ? TEXT_SIZE * 1.12 : TEXT_SIZE
}

/** Horizontal bars in the order given. Throws a `RangeError` for a value that has no length. */
export function barChart(chart: BarChart): string {
  const { title, subtitle, bars, logarithmic = false } = chart
  const least = logarithmic ? -Infinity : 0
  for (const { label, value } of bars) checkValue(label, value, least)
  if (bars.length === 0) return emptyCard(title, subtitle)

  const scale = (logarithmic ? logarithmicScale : linearScale)(bars.map(bar => bar.value))
  const { rows, axis, plot } = layBars(bars, scale)
  const top = headerHeight(title, subtitle) + 12
  const bottom = top + rows.reduce((sum, row) => sum + row.height, 0)

  const parts = scale.ticks(Math.max(1, Math.floor(plot / 75))).flatMap(tick => {
    const x = axis + scale.fraction(tick) * plot
    return [segment(x, top, x, bottom, GRID), tickText(x, bottom + 17, formatTick(tick), 'middle')]
  })
  if (logarithmic) parts.push(tickText(axis - 32, bottom + 17, 'log scale', 'end'))
  let y = top
  for (const row of rows) {
    parts.push(...drawBar(row, axis, plot, y + row.height / 2))
    y += row.height
  }
  parts.push(segment(axis, top, axis, bottom, AXIS))
  const said = bars.map(bar => `${bar.label}: ${bar.text}`).join('; ')
  return card(title, subtitle, said, bottom + 17 + PADDING - 8, parts)
}

interface Row {
  readonly label: readonly string[]
  readonly text: readonly string[]
  readonly fraction: number
  readonly ours: boolean
  readonly height: number
}

/** The rows, where they begin, and how long the longest possible bar is, so that every text stays on the card. */
function layBars(bars: readonly Bar[], scale: Scale): { rows: readonly Row[]; axis: number; plot: number } {
  const texts = bars.map(({ text, ours }) => wrap(text, widthSize(ours), VALUE_TEXT_WIDTH))
  const textRoom = Math.max(...bars.map(({ ours }, i) => widest(texts[i], widthSize(ours))))
  const labelRoom = RIGHT - PADDING - 2 * GAP - LEAST_BARS_WIDTH - textRoom
  const rows = bars.map(({ label, value, ours }, index) => {
    const lines = wrap(label, widthSize(ours), labelRoom)
    const text = texts[index]!
    return { label: lines, text, fraction: scale.fraction(value), ours, height: rowHeight(lines, text) }
  })
  const axis = PADDING + Math.max(60, ...rows.map(({ label, ours }) => widest(label, widthSize(ours)))) + GAP
  // Each text bounds only its own bar: a long one behind a short bar takes nothing from the others.
  const bounds = rows
    .filter(row => row.fraction > 0)
    .map(row => (RIGHT - axis - GAP - widest(row.text, widthSize(row.ours))) / row.fraction)
  return { rows, axis, plot: Math.min(RIGHT - axis, ...bounds) }
}

function rowHeight(...blocks: readonly (readonly string[])[]): number {
  return Math.max(ROW_HEIGHT, ...blocks.map(blockHeight))
}

function drawBar(row: Row, axis: number, plot: number, middle: number): string[] {
  const { label, text: value, ours } = row
  const width = row.fraction * plot
  const y = middle - BAR_HEIGHT / 2
  const weight = ours ? 600 : 400
  return [
    element('rect', { class: 'bar', x: axis, y, width, height: BAR_HEIGHT, rx: 2, fill: ours ? OURS[0] : OTHER_BAR }),
    ...textBlock(axis - GAP, middle, label, { size: TEXT_SIZE, fill: INK, anchor: 'end', weight }),
    ...textBlock(axis + width + 8, middle, value, { size: TEXT_SIZE, fill: ours ? OURS[0] : INK, weight, halo: true }),
  ]
}
