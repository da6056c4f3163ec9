/** Amounts as people read them. */

import * as units from '../../units.ts'

/** Bytes in decimal units with three digits, such as `139 MB`, on one line. */
export function formatBytes(bytes: number): string {
  return units.formatBytes(bytes).replace(' ', '\u00a0')
}

/** A part of a whole, such as `12.3 %`. */
export function formatShare(part: number, whole: number): string {
  return whole === 0 ? '' : `${((100 * part) / whole).toFixed(1)}\u00a0%`
}

/** A difference of bytes with its sign, such as `+1.20 MB`, on one line. */
export function formatSigned(bytes: number): string {
  return units.signedBytes(bytes).replace(' ', '\u00a0')
}

/** How much more a number is than another one, such as `+1.8 %`. */
export function formatGrowth(old: number, after: number): string {
  if (old === 0 || old === after) return ''
  const percent = (100 * (after - old)) / old
  return `${percent > 0 ? '+' : '−'}${Math.abs(percent).toFixed(1)}\u00a0%`
}

/** A number of things with their noun, such as `2 packages`. */
export function formatNumber(count: number, noun: string): string {
  return `${count} ${count === 1 ? noun : `${noun}s`}`
}
