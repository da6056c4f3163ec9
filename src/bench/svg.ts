/**
 * A white card with texts and shapes as SVG, which reads on a light page as on a dark one. SVG 1.1 has no layout, and fonts
 * differ: widths are estimated with those of a wide one, DejaVu Sans.
 */
export const WIDTH = 760
export const PADDING = 28
export const GAP = 10
export const TOP = PADDING + 54

export const COLOURS = {
  ink: '#1f2937',
  muted: '#5b6675',
  grid: '#e6eaf0',
  axis: '#9aa5b4',
  others: '#a9b5c6',
  ours: '#2563eb',
} as const

export interface Card {
  readonly title: string
  readonly subtitle: string
  /** What is in the chart, for those who cannot see it. */
  readonly description: string
  readonly height: number
  /** SVG elements. */
  readonly parts: readonly string[]
}

export function card({ title, subtitle, description, height, parts }: Card): string {
  const root = {
    ...{ xmlns: 'http://www.w3.org/2000/svg', width: WIDTH, height, viewBox: `0 0 ${WIDTH} ${hundredths(height)}` },
    ...{ role: 'img', 'aria-label': title, 'font-family': 'system-ui, -apple-system, "Segoe UI", sans-serif' },
  }
  const border = { width: WIDTH - 1, height: height - 1, rx: 10, fill: '#ffffff', stroke: '#d5dbe5' }
  const lines = [
    element('title', {}, escapeText(title)),
    element('desc', {}, escapeText(`${subtitle}. ${description}`)),
    element('rect', { x: 0.5, y: 0.5, ...border }),
    text(PADDING, PADDING + 15, title, { size: 18, weight: 600 }),
    text(PADDING, PADDING + 36, subtitle, { fill: COLOURS.muted }),
    ...parts,
  ]
  return `${element('svg', root, `\n${lines.join('\n')}\n`)}\n`
}

interface TextStyle {
  readonly size?: number
  readonly fill?: string
  readonly anchor?: 'middle' | 'end'
  readonly weight?: number
  /** Whether white surrounds it, for where lines run behind it. */
  readonly halo?: boolean
}

const TEXT_SIZE = 13

export function text(x: number, y: number, content: string, style: TextStyle): string {
  const { size = TEXT_SIZE, fill = COLOURS.ink, anchor, weight, halo } = style
  const attributes = {
    ...{ x, y, 'font-size': size, fill },
    ...(anchor && { 'text-anchor': anchor }),
    ...(weight && { 'font-weight': weight }),
    ...(halo && { stroke: '#ffffff', 'stroke-width': 4, 'stroke-linejoin': 'round', 'paint-order': 'stroke' }),
  }
  return element('text', attributes, escapeText(content))
}

/** An estimate in pixels that is rather too wide, for too narrow would clip. */
export function textWidth(content: string, isBold: boolean): number {
  let ems = 0
  for (const character of content)
    ems += /[ijl.,:;'|! frt()[\]/·-]/.test(character) ? 0.4 : /[mwMW@%]/.test(character) ? 0.96 : 0.66
  return ems * TEXT_SIZE * (isBold ? 1.12 : 1)
}

export function segment(x1: number, y1: number, x2: number, y2: number, stroke: string, width = 1): string {
  return element('line', { x1, y1, x2, y2, stroke, 'stroke-width': width })
}

export function element(name: string, attributes: Readonly<Record<string, string | number>>, content?: string): string {
  const written = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${typeof value === 'number' ? hundredths(value) : escapeText(value)}"`,
  )
  const start = `<${name}${written.join('')}`
  return content === undefined ? `${start}/>` : `${start}>${content}</${name}>`
}

/** Finer is not seen, and the last digits of logarithms differ between machines. */
export function hundredths(pixels: number): string {
  return String(Math.round(pixels * 100) / 100)
}

/** For content and attributes in double quotes. */
function escapeText(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
