import type { FrontierRow } from './frontier.ts'
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

const PLOT_HEIGHT = 420

/** What grows by the same factor lies equally far apart: the fastest level takes a thousandth of the slowest. */
function logarithmicAxis(values: readonly number[], start: number, end: number) {
  const [least, most] = [Math.log10(Math.min(...values)), Math.log10(Math.max(...values))]
  const span = most - least || 1
  const ticks: number[] = []
  for (let power = Math.floor(least); power <= most; power++) {
    for (const factor of [1, 2, 5]) {
      const tick = Number(`${factor}e${power}`)
      if (Math.log10(tick) >= least && Math.log10(tick) <= most) ticks.push(tick)
    }
  }
  return { ticks, place: (value: number) => start + ((Math.log10(value) - least) / span) * (end - start) }
}

/** Time against size of compressed files: a line for each program through its levels. The lower left is best. */
export function frontierChart(all: readonly FrontierRow[]): string {
  const rows = all.filter(({ level }) => level !== undefined)
  const title = 'Time against size'
  const subtitle = 'seconds and MB of the file, both by powers of ten; the lower left is best'
  if (rows.length === 0) return card(title, subtitle, 'nothing measured', TOP + 84, [])
  const left = PADDING + 44
  const right = WIDTH - PADDING - 80
  const top = TOP + 10
  const bottom = top + PLOT_HEIGHT
  const across = logarithmicAxis(
    rows.map(({ size }) => size / 1e6),
    left + 24,
    right - 24,
  )
  const up = logarithmicAxis(
    rows.map(({ seconds }) => seconds),
    bottom - 16,
    top + 16,
  )
  const parts = [
    ...up.ticks.flatMap(tick => [
      segment(left, up.place(tick), right, up.place(tick), COLOURS.grid),
      tickText(left - GAP, up.place(tick) + 4, `${tick}`, 'end'),
    ]),
    ...across.ticks.flatMap(tick => [
      segment(across.place(tick), top, across.place(tick), bottom, COLOURS.grid),
      tickText(across.place(tick), bottom + 18, `${tick}`, 'middle'),
    ]),
    segment(left, bottom, right, bottom, COLOURS.axis),
    segment(left, top, left, bottom, COLOURS.axis),
  ]
  // Ours last: they lie over the others.
  const names = [...new Set(rows.toSorted((a, b) => Number(a.ours) - Number(b.ours)).map(({ name }) => name))]
  for (const name of names) {
    const levels = rows.filter(row => row.name === name)
    const { ours } = levels[0]
    const [stroke, fill] = ours ? [COLOURS.ours, COLOURS.ours] : [COLOURS.others, COLOURS.muted]
    const places = levels.map(({ size, seconds }) => ({ x: across.place(size / 1e6), y: up.place(seconds) }))
    const points = places.map(({ x, y }) => `${coordinate(x)},${coordinate(y)}`).join(' ')
    parts.push(element('polyline', { points, fill: 'none', stroke, 'stroke-width': ours ? 3 : 2 }))
    for (const { x, y } of places) parts.push(element('circle', { cx: x, cy: y, r: ours ? 4 : 3, fill: stroke }))
    const end = places[0]
    const room = WIDTH - PADDING - textWidth(name)
    const weight = ours ? 600 : undefined
    parts.push(text(Math.min(room, end.x + 8), end.y + 4, name, { fill, weight, halo: true }))
  }
  const said = rows.map(({ name, level, seconds, size }) => {
    return `${name} -${level}: ${seconds.toFixed(1)} s, ${(size / 1e6).toFixed(1)} MB`
  })
  parts.push(text((left + right) / 2, bottom + 40, 'MB', { fill: COLOURS.muted, anchor: 'middle' }))
  return card(title, subtitle, said.join('; '), bottom + 60, parts)
}
