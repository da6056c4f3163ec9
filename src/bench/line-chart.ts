import {
  AXIS,
  blockHeight,
  card,
  coordinate,
  element,
  emptyCard,
  GAP,
  GRID,
  headerHeight,
  MUTED,
  OTHERS,
  OURS,
  PADDING,
  RIGHT,
  ROW_HEIGHT,
  segment,
  TEXT_SIZE,
  TICK_SIZE,
  text,
  textBlock,
  textWidth,
  tickText,
  WIDTH,
  widest,
  wrap,
} from './card.ts'
import { checkValue, formatTick, heightTicks, linearScale } from './scale.ts'

/** A line of a chart over the same x values for all. */
export interface Line {
  readonly label: string
  readonly points: readonly { readonly x: number; readonly y: number; readonly text: string }[]
  /** Whether it is ours: drawn thicker, and in blue. */
  readonly ours: boolean
}

/** Lines that show how a value grows. */
export interface LineChart {
  readonly title: string
  /** What the height means, such as `seconds, lower is better`. */
  readonly subtitle: string
  /** Names the x axis. */
  readonly xLabel: string
  readonly xText: (x: number) => string
  readonly lines: readonly Line[]
}

const LINES_HEIGHT = 290
const LINE_LABEL_WIDTH = 200

/**
 * Straight lines from 0 on both axes, each named behind its end. A text that finds no room beside its point is only in
 * the description. Throws a `RangeError` for a point that is negative or not finite.
 */
export function lineChart(chart: LineChart): string {
  const { title, subtitle, xLabel, xText } = chart
  const lines = chart.lines.filter(line => line.points.length > 0)
  for (const { label, points } of lines) {
    for (const point of points) for (const value of [point.x, point.y]) checkValue(label, value, 0)
  }
  if (lines.length === 0) return emptyCard(title, subtitle)

  const labels = lines.map(line => wrap(line.label, TEXT_SIZE, LINE_LABEL_WIDTH))
  const points = lines.flatMap(line => line.points)
  const ticks = heightTicks(Math.max(...points.map(point => point.y)))
  const left = PADDING + widest(ticks.map(formatTick), TICK_SIZE) + GAP
  const right = RIGHT - widest(labels.flat(), TEXT_SIZE) - 3 * GAP
  const top = headerHeight(title, subtitle) + 24
  const bottom =
    top +
    Math.max(
      LINES_HEIGHT,
      labels.reduce((sum, label) => sum + blockHeight(label), 0),
    )
  const toX = linearScale(points.map(point => point.x)).fraction
  const toY = linearScale(ticks).fraction

  const drawn = lines.map((line, index) => ({
    label: labels[index]!,
    ours: line.ours,
    colour: lineColour(lines, index),
    dots: line.points.map(({ x, y, text }) => ({
      x: left + toX(x) * (right - left),
      y: bottom - toY(y) * (bottom - top),
      text,
    })),
  }))
  // What is drawn last lies on top, what is placed first has the best place: ours both.
  const oursFirst = [...drawn].sort((a, b) => Number(b.ours) - Number(a.ours))
  const parts = [
    ...ticks.flatMap(tick => {
      const y = bottom - toY(tick) * (bottom - top)
      return [
        segment(left, y, right, y, tick === 0 ? AXIS : GRID),
        tickText(left - GAP, y + 4, formatTick(tick), 'end'),
      ]
    }),
    ...drawXTicks([...new Set(points.map(point => point.x))], xText, x => left + toX(x) * (right - left), bottom),
    text((left + right) / 2, bottom + 42, xLabel, { size: TEXT_SIZE, fill: MUTED, anchor: 'middle' }),
    ...drawLineLabels(drawn, right + 2 * GAP, top, bottom),
    ...oursFirst.toReversed().flatMap(drawLine),
    ...placeTexts(oursFirst, { left: left + 2, top: top - 22, right: right + 2 * GAP - 4, bottom: bottom - 2 }),
  ]
  const said = lines.map(line => `${line.label}: ${line.points.map(p => `${xText(p.x)} ${p.text}`).join(', ')}`)
  return card(title, subtitle, said.join('; '), bottom + 42 + PADDING - 8, parts)
}

interface Dot {
  readonly x: number
  readonly y: number
  readonly text: string
}

interface DrawnLine {
  readonly label: readonly string[]
  readonly ours: boolean
  readonly colour: string
  readonly dots: readonly Dot[]
}

interface Box {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

function lineColour(lines: readonly Line[], index: number): string {
  const { ours } = lines[index]!
  const colours = ours ? OURS : OTHERS
  const before = lines.slice(0, index).filter(line => line.ours === ours).length
  return colours[before % colours.length]!
}

function drawXTicks(
  xs: readonly number[],
  xText: (x: number) => string,
  toX: (x: number) => number,
  bottom: number,
): string[] {
  const parts: string[] = []
  let free = WIDTH
  // From the right, for the texts to the left stand closer together when values double.
  for (const value of xs.toSorted((a, b) => b - a)) {
    const x = toX(value)
    const half = textWidth(xText(value), TICK_SIZE) / 2
    const middle = Math.max(PADDING + half, Math.min(x, RIGHT - half))
    parts.push(segment(x, bottom, x, bottom + 5, AXIS))
    if (middle + half > free) continue
    parts.push(tickText(middle, bottom + 19, xText(value), 'middle'))
    free = middle - half - GAP
  }
  return parts
}

function drawLine({ dots, colour, ours }: DrawnLine): string[] {
  const points = dots.map(({ x, y }) => `${coordinate(x)},${coordinate(y)}`).join(' ')
  const line = { fill: 'none', stroke: colour, 'stroke-width': ours ? 3 : 1.75, 'stroke-linejoin': 'round' }
  const circle = { r: ours ? 4.5 : 3.5, fill: colour, stroke: '#ffffff', 'stroke-width': 1.5 }
  return [
    element('polyline', { points, ...line }),
    ...dots.map(({ x, y }) => element('circle', { cx: x, cy: y, ...circle })),
  ]
}

/** The names at the height of the line ends, pushed apart where these are close, with a thin line to their end. */
function drawLineLabels(lines: readonly DrawnLine[], x: number, top: number, bottom: number): string[] {
  const ends = lines
    .map(line => ({ line, end: line.dots.at(-1)!, height: blockHeight(line.label) }))
    .sort((a, b) => a.end.y - b.end.y)
  const middles: number[] = []
  let free = top - ROW_HEIGHT / 2
  for (const { end, height } of ends) {
    middles.push(Math.max(end.y, free + height / 2))
    free = middles.at(-1)! + height / 2
  }
  let floor = bottom + ROW_HEIGHT / 2
  for (let index = ends.length - 1; index >= 0; index--) {
    const half = ends[index]!.height / 2
    middles[index] = Math.min(middles[index]!, floor - half)
    floor = middles[index]! - half
  }
  return ends.flatMap(({ line: { label, colour, ours }, end }, index) => [
    segment(end.x, end.y, x - 4, middles[index]!, colour, 0.4),
    ...textBlock(x, middles[index]!, label, { size: TEXT_SIZE, fill: colour, weight: ours ? 600 : 400 }),
  ])
}

/** Each text at the best free place around its dot. */
function placeTexts(lines: readonly DrawnLine[], room: Box): string[] {
  const dots = lines.flatMap(line => line.dots)
  const taken: Box[] = dots.map(({ x, y }) => ({ left: x - 5, top: y - 5, right: x + 5, bottom: y + 5 }))
  return lines.flatMap(line =>
    line.dots.flatMap(dot => {
      const box = bestPlace(dot, lines, taken, room)
      if (!box) return []
      taken.push(box)
      const style = { size: TICK_SIZE, fill: line.colour, anchor: 'middle', weight: line.ours ? 600 : 400, halo: true }
      return [text((box.left + box.right) / 2, box.bottom - 3, dot.text, style)]
    }),
  )
}

function bestPlace(dot: Dot, lines: readonly DrawnLine[], taken: readonly Box[], room: Box): Box | undefined {
  let best: Box | undefined
  let leastCost = Infinity
  for (const [index, box] of places(dot).entries()) {
    if (box.left < room.left || box.right > room.right || box.top < room.top || box.bottom > room.bottom) continue
    if (taken.some(other => overlap(box, other))) continue
    // A line behind the text is worse than the next place, yet better than no text.
    const cost = index + 20 * lines.filter(line => crosses(line, box)).length
    if (cost >= leastCost) continue
    best = box
    leastCost = cost
  }
  return best
}

/** The boxes around a dot that its text may stand in, best first. */
function places({ x, y, text }: Dot): readonly Box[] {
  const width = textWidth(text, TICK_SIZE)
  const aside = width / 2 + 9
  const middles = [
    [0, -15],
    [-aside * 0.8, -13],
    [0, 16],
    [aside * 0.8, 14],
    [-aside, 0],
    [aside, 0],
    [0, -29],
    [0, 30],
    [-aside, -27],
    [aside, 28],
  ] as const
  return middles.map(([dx, dy]) => ({
    left: x + dx - width / 2,
    right: x + dx + width / 2,
    top: y + dy - 7,
    bottom: y + dy + 7,
  }))
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
}

const CROSSING_SAMPLES = 100

function crosses({ dots }: DrawnLine, box: Box): boolean {
  return dots.slice(1).some((to, index) => {
    const from = dots[index]!
    return Array.from({ length: CROSSING_SAMPLES + 1 }, (_, sample) => sample / CROSSING_SAMPLES).some(part => {
      const x = from.x + part * (to.x - from.x)
      const y = from.y + part * (to.y - from.y)
      return x > box.left && x < box.right && y > box.top && y < box.bottom
    })
  })
}
