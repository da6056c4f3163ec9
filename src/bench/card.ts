/**
 * The white card that a chart is drawn on, so that it reads on a light page as on a dark one, and texts and shapes as SVG.
 * SVG 1.1 has no layout, and fonts differ: widths are estimated with those of a wide one, DejaVu Sans.
 */
export const WIDTH = 760
export const PADDING = 28
export const RIGHT = WIDTH - PADDING
export const GAP = 10
export const FONT = 'system-ui, -apple-system, "Segoe UI", sans-serif'
export const TITLE_SIZE = 18
export const TEXT_SIZE = 13
export const TICK_SIZE = 11
export const ROW_HEIGHT = 32

export const INK = '#1f2937'
export const MUTED = '#5b6675'
export const GRID = '#e6eaf0'
export const AXIS = '#9aa5b4'
export const OTHER_BAR = '#a9b5c6'
// Each at least 4.5:1 on white, for they colour text too.
export const OURS = ['#2563eb', '#0b2e8a', '#0369a1'] as const
export const OTHERS = ['#64748b', '#b45309', '#0f766e', '#9333ea', '#be123c', '#4d7c0f'] as const

export function emptyCard(title: string, subtitle: string): string {
  const top = headerHeight(title, subtitle)
  const nothing = 'nothing measured'
  const style = { size: TEXT_SIZE, fill: MUTED, anchor: 'middle' }
  return card(title, subtitle, nothing, top + 84, [text(WIDTH / 2, top + 40, nothing, style)])
}

export function headerLines(
  title: string,
  subtitle: string,
): { titles: readonly string[]; subtitles: readonly string[] } {
  const room = RIGHT - PADDING
  return { titles: wrap(title, TITLE_SIZE, room), subtitles: wrap(subtitle, TEXT_SIZE, room) }
}

export function headerHeight(title: string, subtitle: string): number {
  const { titles, subtitles } = headerLines(title, subtitle)
  return PADDING + titles.length * 24 + subtitles.length * 18
}

export function card(title: string, subtitle: string, said: string, height: number, parts: readonly string[]): string {
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

export interface TextStyle {
  readonly size: number
  readonly fill: string
  readonly anchor?: string
  readonly weight?: number
  /** Whether white surrounds it, for where lines run behind it. */
  readonly halo?: boolean
}

export function text(x: number, y: number, content: string, style: TextStyle): string {
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

export function tickText(x: number, y: number, content: string, anchor: string): string {
  return text(x, y, content, { size: TICK_SIZE, fill: MUTED, anchor })
}

/** Lines of text around the height `middle`. */
export function textBlock(x: number, middle: number, lines: readonly string[], style: TextStyle): string[] {
  // 0.36 em is half the height of a capital letter in most fonts.
  const first = middle + 0.36 * style.size - ((lines.length - 1) * lineHeight(style.size)) / 2
  return lines.map((line, index) => text(x, first + index * lineHeight(style.size), line, style))
}

export function lineHeight(size: number): number {
  return size + 3
}

export function blockHeight(lines: readonly string[]): number {
  return lines.length * lineHeight(TEXT_SIZE) + 6
}

/** `content` in lines of at most `room` pixels, broken at spaces, and inside of a word only if it has no room alone. */
export function wrap(content: string, size: number, room: number): readonly string[] {
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

export function widest(lines: readonly string[], size: number): number {
  return Math.max(0, ...lines.map(line => textWidth(line, size)))
}

/** An estimate in pixels that is rather too wide, for too narrow would clip. */
export function textWidth(content: string, size: number): number {
  let ems = 0
  for (const character of content) ems += characterWidth(character)
  return ems * size
}

export function characterWidth(character: string): number {
  if (/[ijlI.,:;'|! ]/.test(character)) return 0.34
  if (/[frt()[\]/·-]/.test(character)) return 0.4
  if (/[mwMW@%]/.test(character)) return 0.96
  if (/[A-Z&]/.test(character)) return 0.7
  // Scripts from the Chinese and Japanese on, and pictures, fill a square.
  return character >= '\u2e80' ? 1 : 0.63
}

// ---- SVG

export function segment(x1: number, y1: number, x2: number, y2: number, stroke: string, opacity = 1): string {
  return element('line', { x1, y1, x2, y2, stroke, ...(opacity < 1 && { 'stroke-opacity': opacity }) })
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

export const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** For content and attributes. XML 1.0 can say neither most control characters nor lone surrogates. */
export function escapeText(value: string): string {
  return value
    .toWellFormed()
    .replace(/[\p{Cc}\ufffe\uffff]/gu, ' ')
    .replace(/[&<>"']/g, character => ESCAPES[character]!)
}
