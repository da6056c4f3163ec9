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

/** A number of store paths. */
export function formatCount(count: number): string {
  return `${count} store ${count === 1 ? 'path' : 'paths'}`
}
