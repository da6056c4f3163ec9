import { COLOURS, card, element, GAP, PADDING, segment, TOP, text, textWidth, WIDTH } from './svg.ts'

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

const ROW_HEIGHT = 32
const BAR_HEIGHT = 20

/** Draws horizontal bars in the order given. */
export function barChart({ title, subtitle, bars }: BarChart): string {
  const axis = PADDING + Math.max(0, ...bars.map(bar => textWidth(bar.label, bar.ours))) + GAP
  const textRoom = Math.max(0, ...bars.map(bar => textWidth(bar.text, bar.ours)))
  const longest = WIDTH - PADDING - axis - GAP - textRoom
  const greatest = Math.max(0, ...bars.map(bar => bar.value)) || 1
  const top = TOP + 4
  const bottom = top + bars.length * ROW_HEIGHT
  const parts = bars.flatMap(({ label, value, text: figure, ours }, i) => {
    const middle = top + (i + 0.5) * ROW_HEIGHT
    const width = (value / greatest) * longest
    const bar = { x: axis, y: middle - BAR_HEIGHT / 2, width, height: BAR_HEIGHT, rx: 2 }
    const weight = ours ? 600 : undefined
    return [
      element('rect', { ...bar, fill: ours ? COLOURS.ours : COLOURS.others }),
      text(axis - GAP, middle + 5, label, { anchor: 'end', weight }),
      text(axis + width + 8, middle + 5, figure, { fill: ours ? COLOURS.ours : COLOURS.ink, weight }),
    ]
  })
  parts.push(segment(axis, top, axis, bottom, COLOURS.axis))
  const description = bars.map(bar => `${bar.label}: ${bar.text}`).join('; ') || 'nothing measured'
  return card({ title, subtitle, description, height: bottom + PADDING, parts })
}
