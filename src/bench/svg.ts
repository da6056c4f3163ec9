/**
 * A white card with texts and shapes as SVG, which reads on a light page as on a dark one. SVG 1.1 has no layout, and fonts
 * differ: widths are estimated with those of a wide one, DejaVu Sans.
 */
export const WIDTH = 760
export const PADDING = 28
export const GAP = 10
export const TOP = PADDING + 54
export const TEXT_SIZE = 13
export const TICK_SIZE = 11

export const COLOURS = {
  ink: '#1f2937',
  muted: '#5b6675',
  grid: '#e6eaf0',
  axis: '#9aa5b4',
  others: '#a9b5c6',
  ours: '#2563eb',
} as const

/** Draws a chart on a card of this height. `said` tells who cannot see it what is in it. */
export function card(title: string, subtitle: string, said: string, height: number, parts: readonly string[]): string {
  const root = {
    ...{ xmlns: 'http://www.w3.org/2000/svg', width: WIDTH, height, viewBox: `0 0 ${WIDTH} ${coordinate(height)}` },
    ...{ role: 'img', 'aria-label': title, 'font-family': 'system-ui, -apple-system, "Segoe UI", sans-serif' },
  }
  const border = { width: WIDTH - 1, height: height - 1, rx: 10, fill: '#ffffff', stroke: '#d5dbe5' }
  const lines = [
    element('title', {}, escapeText(title)),
    element('desc', {}, escapeText(`${subtitle}. ${said}`)),
    element('rect', { x: 0.5, y: 0.5, ...border }),
    text(PADDING, PADDING + 15, title, { size: 18, weight: 600 }),
    text(PADDING, PADDING + 36, subtitle, { fill: COLOURS.muted }),
    ...parts,
  ]
  return `${element('svg', root, `\n${lines.join('\n')}\n`)}\n`
}

export interface TextStyle {
  readonly size?: number
  readonly fill?: string
  readonly anchor?: 'middle' | 'end'
  readonly weight?: number
  /** Whether white surrounds it, for where lines run behind it. */
  readonly halo?: boolean
}

export function text(x: number, y: number, content: string, style: TextStyle = {}): string {
  const { size = TEXT_SIZE, fill = COLOURS.ink, anchor, weight, halo } = style
  const attributes = {
    ...{ x, y, 'font-size': size, fill },
    ...(anchor && { 'text-anchor': anchor }),
    ...(weight && { 'font-weight': weight }),
    ...(halo && { stroke: '#ffffff', 'stroke-width': 4, 'stroke-linejoin': 'round', 'paint-order': 'stroke' }),
  }
  return element('text', attributes, escapeText(content))
}

export function tickText(x: number, y: number, content: string, anchor: 'middle' | 'end'): string {
  return text(x, y, content, { size: TICK_SIZE, fill: COLOURS.muted, anchor })
}

/** An estimate in pixels that is rather too wide, for too narrow would clip. */
export function textWidth(content: string, size = TEXT_SIZE): number {
  let ems = 0
  for (const character of content)
    ems += /[ijl.,:;'|! frt()[\]/·-]/.test(character) ? 0.4 : /[mwMW@%]/.test(character) ? 0.96 : 0.66
  return ems * size
}

export function segment(x1: number, y1: number, x2: number, y2: number, stroke: string): string {
  return element('line', { x1, y1, x2, y2, stroke })
}

export function element(name: string, attributes: Readonly<Record<string, string | number>>, content?: string): string {
  const written = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${typeof value === 'number' ? coordinate(value) : escapeText(value)}"`,
  )
  const start = `<${name}${written.join('')}`
  return content === undefined ? `${start}/>` : `${start}>${content}</${name}>`
}

/** Hundredths of a pixel: finer is not seen, and the last digits of logarithms differ between machines. */
export function coordinate(value: number): string {
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
