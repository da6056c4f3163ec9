import { type FrontierRow, nameOfLevel } from './report.ts'
import { COLOURS, card, element, GAP, hundredths, PADDING, segment, TOP, text, textWidth, WIDTH } from './svg.ts'

const PLOT_HEIGHT = 420
const LEFT = PADDING + 52
const RIGHT = WIDTH - PADDING - 8
/** Pixels between the axes and what is drawn. */
const MARGIN = 20

const OUR_COLOURS = ['#0891b2', '#7c3aed', COLOURS.ours]
const OTHER_COLOURS = ['#d97706', '#65a30d', '#db2777', '#94a3b8', COLOURS.ink]

const SMALL = { size: 11, fill: COLOURS.muted }

/** A program through its levels. */
interface Line {
  readonly name: string
  readonly ours: boolean
  readonly colour: string
  readonly levels: readonly FrontierRow[]
}

/** Time against size of compressed files: a line for each program through its levels. The lower left is best. */
export function frontierChart(all: readonly FrontierRow[]): string {
  const rows = all.filter(({ level }) => level !== undefined)
  const lines = linesOf(rows)
  const legend = drawLegend(lines)
  const top = TOP + legend.height + GAP
  const bottom = top + PLOT_HEIGHT
  const across = logarithmicScale(rows.map(megabytes), LEFT + MARGIN, RIGHT - MARGIN)
  const up = logarithmicScale(
    rows.map(row => row.seconds),
    bottom - MARGIN,
    top + MARGIN,
  )
  const placeOf = (row: FrontierRow): [number, number] => [across.placeOf(megabytes(row)), up.placeOf(row.seconds)]
  const parts = [
    ...legend.parts,
    ...up.ticks.flatMap(({ value, place }) => [
      segment(LEFT, place, RIGHT, place, COLOURS.grid),
      text(LEFT - GAP, place + 4, `${value} s`, { ...SMALL, anchor: 'end' }),
    ]),
    ...across.ticks.flatMap(({ value, place }) => [
      segment(place, top, place, bottom, COLOURS.grid),
      text(place, bottom + 18, `${value} MB`, { ...SMALL, anchor: 'middle' }),
    ]),
    segment(LEFT, bottom, RIGHT, bottom, COLOURS.axis),
    segment(LEFT, top, LEFT, bottom, COLOURS.axis),
    ...lines.flatMap(line => drawLine(line, placeOf)),
    ...lines.flatMap(line => drawLevels(line, placeOf)),
  ]
  return card({
    title: 'Time against size',
    subtitle: 'Seconds and size of the file by level, numbered at both ends; the lower left is best',
    description: rows
      .map(row => `${nameOfLevel(row)}: ${row.seconds.toFixed(1)} s, ${megabytes(row).toFixed(1)} MB`)
      .join('; '),
    height: bottom + 18 + PADDING,
    parts,
  })
}

function megabytes({ size }: FrontierRow): number {
  return size / 1e6
}

function linesOf(rows: readonly FrontierRow[]): Line[] {
  const byName = Map.groupBy(
    rows.toSorted((a, b) => Number(a.ours) - Number(b.ours)),
    row => row.name,
  )
  const colours = { ours: OUR_COLOURS.values(), others: OTHER_COLOURS.values() }
  return [...byName].map(([name, levels]) => {
    const { ours } = levels[0]
    const colour = colours[ours ? 'ours' : 'others'].next().value ?? COLOURS.others
    return { name, ours, colour, levels }
  })
}

/** A short stroke and a name for each line, in as many rows as it takes. */
function drawLegend(lines: readonly Line[]): { readonly parts: string[]; readonly height: number } {
  const stroke = 18
  let x = PADDING
  let y = TOP + 8
  const parts = lines.flatMap(({ name, ours, colour }) => {
    const width = stroke + 6 + textWidth(name, ours)
    if (x + width > RIGHT) [x, y] = [PADDING, y + 20]
    const start = x
    x += width + GAP
    return [
      segment(start, y - 4, start + stroke, y - 4, colour, widthOf(ours)),
      text(start + stroke + 6, y, name, { weight: ours ? 600 : undefined }),
    ]
  })
  return { parts, height: y - TOP + 4 }
}

function drawLine({ ours, colour, levels }: Line, placeOf: (row: FrontierRow) => [number, number]): string[] {
  const places = levels.map(placeOf)
  const points = places.map(place => place.map(hundredths).join(',')).join(' ')
  return [
    element('polyline', { points, fill: 'none', stroke: colour, 'stroke-width': widthOf(ours) }),
    ...places.map(([cx, cy]) => element('circle', { cx, cy, r: ours ? 4 : 3, fill: colour })),
  ]
}

/** The numbers of the first and the last level beside their points: the others lie between. */
function drawLevels({ colour, levels }: Line, placeOf: (row: FrontierRow) => [number, number]): string[] {
  const style = { ...SMALL, fill: colour, halo: true }
  const [x, y] = placeOf(levels[0])
  const [lastX, lastY] = placeOf(levels.at(-1)!)
  const first = text(x + 7, y + 4, `${levels[0].level}`, style)
  return levels.length === 1
    ? [first]
    : [first, text(lastX - 7, lastY - 7, `${levels.at(-1)!.level}`, { ...style, anchor: 'end' })]
}

function widthOf(ours: boolean): number {
  return ours ? 3 : 1.75
}

/** First figures of ticks: the coarsest that gives enough of them. */
const TICK_FACTORS = [[1, 2, 5], [1, 1.5, 2, 3, 4, 5, 7], inSteps(1), inSteps(0.5), inSteps(0.2)]
const TICKS_MIN = 4

function inSteps(step: number): number[] {
  return Array.from({ length: Math.round(9 / step) }, (_, i) => Number((1 + i * step).toFixed(1)))
}

/** What grows by the same factor lies equally far apart: the fastest level takes a thousandth of the slowest. */
function logarithmicScale(values: readonly number[], start: number, end: number) {
  const [least, most] = [Math.log10(Math.min(...values)), Math.log10(Math.max(...values))]
  const placeOf = (value: number) => start + ((Math.log10(value) - least) / (most - least || 1)) * (end - start)
  const ticksOf = (factors: readonly number[]) => {
    const powers = Array.from({ length: Math.ceil(most - least) + 1 }, (_, i) => Math.floor(least) + i)
    const values = powers.flatMap(power => factors.map(factor => Number(`${factor}e${power}`)))
    return values.filter(value => Math.log10(value) >= least && Math.log10(value) <= most)
  }
  const ticks = TICK_FACTORS.map(ticksOf)
  const enough = ticks.find(some => some.length >= TICKS_MIN) ?? ticks.at(-1)!
  return { placeOf, ticks: enough.map(value => ({ value, place: placeOf(value) })) }
}
