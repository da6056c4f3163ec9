/**
 * Charts of measurements as SVG text: the same chart gives the same bytes. A chart brings its own white card, so that
 * it reads on a light page as on a dark one, and says its numbers once more in its `<desc>`.
 *
 * SVG 1.1 has no layout, and fonts differ: widths are estimated with those of a wide one, DejaVu Sans.
 */

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

const WIDTH = 760
const PADDING = 28
const RIGHT = WIDTH - PADDING
const GAP = 10
const FONT = 'system-ui, -apple-system, "Segoe UI", sans-serif'
const TITLE_SIZE = 18
const TEXT_SIZE = 13
const TICK_SIZE = 11

const INK = '#1f2937'
const MUTED = '#5b6675'
const GRID = '#e6eaf0'
const AXIS = '#9aa5b4'
const OTHER_BAR = '#a9b5c6'
// Each at least 4.5:1 on white, for they colour text too.
const OURS = ['#2563eb', '#0b2e8a', '#0369a1'] as const
const OTHERS = ['#64748b', '#b45309', '#0f766e', '#9333ea', '#be123c', '#4d7c0f'] as const

const BAR_HEIGHT = 20
const ROW_HEIGHT = 32
const LEAST_BARS_WIDTH = 80
const VALUE_TEXT_WIDTH = 320
const LINES_HEIGHT = 290
const LINE_LABEL_WIDTH = 200

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

function checkValue(label: string, value: number, least: number): void {
  if (Number.isFinite(value) && value >= least) return
  throw new RangeError(`a chart cannot show ${value} (of '${label}'): give a finite number that is not negative`)
}

// ---- scales

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
    ticks: most => multiples(tickStep(max, most), Math.floor, max),
  }
}

function logarithmicScale(values: readonly number[]): Scale {
  const positive = values.filter(value => value > 0)
  if (positive.length === 0) return { fraction: () => 0, ticks: () => [] }
  const max = Math.max(...positive)
  // A power of ten that is at most half the least value, for the least bar is to be seen.
  const start = Math.floor(Math.log10(Math.min(...positive)) - Math.log10(2))
  const decades = Math.log10(max) - start
  return {
    fraction: value => (value > 0 ? (Math.log10(value) - start) / decades : 0),
    ticks: most => {
      const step = Math.ceil(decades / most)
      const powers = Array.from({ length: Math.floor(decades / step) + 1 }, (_, index) => start + index * step)
      // 10 ** -5 need not be the number nearest to 0.00001, what is parsed is.
      return powers.map(power => Number(`1e${power}`))
    },
  }
}

/** The ticks of a y axis: the last one is not below `max`, so that no dot floats above the lines of the grid. */
function heightTicks(max: number): readonly number[] {
  return multiples(tickStep(max, 5), Math.ceil, max)
}

/** The least of 1, 2, 5 times a power of ten that divides `max` into at most `most` parts; 0 if nothing does. */
function tickStep(max: number, most: number): number {
  const least = max / most
  const power = Math.floor(Math.log10(least))
  return [1, 2, 5, 10].map(factor => Number(`${factor}e${power}`)).find(step => step >= least) ?? 0
}

function multiples(step: number, round: (value: number) => number, max: number): readonly number[] {
  return step === 0 ? [0] : Array.from({ length: round(max / step) + 1 }, (_, index) => index * step)
}

function formatTick(value: number): string {
  const rounded = Number(value.toPrecision(6))
  if (rounded !== 0 && (rounded >= 1e6 || rounded < 1e-4)) return rounded.toExponential().replace('e+', 'e')
  return rounded.toLocaleString('en-US', { maximumSignificantDigits: 6 })
}

// ---- bars

interface Row {
  readonly label: readonly string[]
  readonly text: readonly string[]
  readonly fraction: number
  readonly ours: boolean
  readonly height: number
}

/** The rows, where they begin, and how long the longest possible bar is, so that every text stays on the card. */
function layBars(bars: readonly Bar[], scale: Scale): { rows: readonly Row[]; axis: number; plot: number } {
  const texts = bars.map(bar => wrap(bar.text, TEXT_SIZE, VALUE_TEXT_WIDTH))
  const labelRoom = RIGHT - PADDING - 2 * GAP - LEAST_BARS_WIDTH - widest(texts.flat(), TEXT_SIZE)
  const rows = bars.map(({ label, value, ours }, index) => {
    const lines = wrap(label, TEXT_SIZE, labelRoom)
    const text = texts[index]!
    return { label: lines, text, fraction: scale.fraction(value), ours, height: rowHeight(lines, text) }
  })
  const axis =
    PADDING +
    Math.max(
      60,
      widest(
        rows.flatMap(row => row.label),
        TEXT_SIZE,
      ),
    ) +
    GAP
  // Each text bounds only its own bar: a long one behind a short bar takes nothing from the others.
  const bounds = rows
    .filter(row => row.fraction > 0)
    .map(row => (RIGHT - axis - GAP - widest(row.text, TEXT_SIZE)) / row.fraction)
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

// ---- lines

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

// ---- the card

function emptyCard(title: string, subtitle: string): string {
  const top = headerHeight(title, subtitle)
  const nothing = 'nothing measured'
  const style = { size: TEXT_SIZE, fill: MUTED, anchor: 'middle' }
  return card(title, subtitle, nothing, top + 84, [text(WIDTH / 2, top + 40, nothing, style)])
}

function headerLines(title: string, subtitle: string): { titles: readonly string[]; subtitles: readonly string[] } {
  const room = RIGHT - PADDING
  return { titles: wrap(title, TITLE_SIZE, room), subtitles: wrap(subtitle, TEXT_SIZE, room) }
}

function headerHeight(title: string, subtitle: string): number {
  const { titles, subtitles } = headerLines(title, subtitle)
  return PADDING + titles.length * 24 + subtitles.length * 18
}

function card(title: string, subtitle: string, said: string, height: number, parts: readonly string[]): string {
  const { titles, subtitles } = headerLines(title, subtitle)
  const size = { width: WIDTH, height, viewBox: `0 0 ${WIDTH} ${coordinate(height)}` }
  const border = { fill: '#ffffff', stroke: '#d5dbe5' }
  const afterTitle = PADDING + titles.length * 24
  const lines = [
    element('title', {}, escapeText(title)),
    element('desc', {}, escapeText(`${subtitle}. ${said}`)),
    element('rect', { x: 0.5, y: 0.5, width: WIDTH - 1, height: height - 1, rx: 10, ...border }),
    ...titles.map((line, index) =>
      text(PADDING, PADDING + 15 + index * 24, line, { size: TITLE_SIZE, fill: INK, weight: 600 }),
    ),
    ...subtitles.map((line, index) =>
      text(PADDING, afterTitle + 12 + index * 18, line, { size: TEXT_SIZE, fill: MUTED }),
    ),
    ...parts,
  ]
  const root = { xmlns: 'http://www.w3.org/2000/svg', ...size, role: 'img', 'aria-label': title, 'font-family': FONT }
  return `${element('svg', root, `\n${lines.join('\n')}\n`)}\n`
}

// ---- text

interface TextStyle {
  readonly size: number
  readonly fill: string
  readonly anchor?: string
  readonly weight?: number
  /** Whether white surrounds it, for where lines run behind it. */
  readonly halo?: boolean
}

function text(x: number, y: number, content: string, style: TextStyle): string {
  const { size, fill, anchor, weight = 400, halo } = style
  const attributes = {
    x,
    y,
    'font-size': size,
    fill,
    ...(anchor && { 'text-anchor': anchor }),
    ...(weight !== 400 && { 'font-weight': weight }),
    ...(halo && { stroke: '#ffffff', 'stroke-width': 4, 'stroke-linejoin': 'round', 'paint-order': 'stroke' }),
  }
  return element('text', attributes, escapeText(content))
}

function tickText(x: number, y: number, content: string, anchor: string): string {
  return text(x, y, content, { size: TICK_SIZE, fill: MUTED, anchor })
}

/** Lines of text around the height `middle`. */
function textBlock(x: number, middle: number, lines: readonly string[], style: TextStyle): string[] {
  // 0.36 em is half the height of a capital letter in most fonts.
  const first = middle + 0.36 * style.size - ((lines.length - 1) * lineHeight(style.size)) / 2
  return lines.map((line, index) => text(x, first + index * lineHeight(style.size), line, style))
}

function lineHeight(size: number): number {
  return size + 3
}

function blockHeight(lines: readonly string[]): number {
  return lines.length * lineHeight(TEXT_SIZE) + 6
}

/** `content` in lines of at most `room` pixels, broken at spaces, and inside of a word only if it has no room alone. */
function wrap(content: string, size: number, room: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of content.split(/\s+/)) {
    const longer = line === '' ? word : `${line} ${word}`
    if (textWidth(longer, size) <= room) {
      line = longer
      continue
    }
    if (line !== '') lines.push(line)
    line = ''
    for (const character of word) {
      if (textWidth(line + character, size) > room) {
        lines.push(line)
        line = ''
      }
      line += character
    }
  }
  return line === '' ? lines : [...lines, line]
}

function widest(lines: readonly string[], size: number): number {
  return Math.max(0, ...lines.map(line => textWidth(line, size)))
}

/** An estimate in pixels that is rather too wide, for too narrow would clip. */
function textWidth(content: string, size: number): number {
  let ems = 0
  for (const character of content) ems += characterWidth(character)
  return ems * size
}

function characterWidth(character: string): number {
  if (/[ijlI.,:;'|! ]/.test(character)) return 0.34
  if (/[frt()[\]/·-]/.test(character)) return 0.4
  if (/[mwMW@%]/.test(character)) return 0.96
  if (/[A-Z&]/.test(character)) return 0.7
  // Scripts from the Chinese and Japanese on, and pictures, fill a square.
  return character >= '\u2e80' ? 1 : 0.63
}

// ---- SVG

function segment(x1: number, y1: number, x2: number, y2: number, stroke: string, opacity = 1): string {
  return element('line', { x1, y1, x2, y2, stroke, ...(opacity < 1 && { 'stroke-opacity': opacity }) })
}

function element(name: string, attributes: Readonly<Record<string, string | number>>, content?: string): string {
  const written = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${typeof value === 'number' ? coordinate(value) : escapeText(value)}"`,
  )
  const start = `<${name}${written.join('')}`
  return content === undefined ? `${start}/>` : `${start}>${content}</${name}>`
}

/** Hundredths of a pixel: finer is not seen, and the last digits of logarithms differ between machines. */
function coordinate(value: number): string {
  return String(Math.round(value * 100) / 100)
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** For content and attributes. XML 1.0 can say neither most control characters nor lone surrogates. */
function escapeText(value: string): string {
  return value
    .toWellFormed()
    .replace(/[\p{Cc}\ufffe\uffff]/gu, ' ')
    .replace(/[&<>"']/g, character => ESCAPES[character]!)
}
