/** Numbers as reports show them. */

import { scaleBytes } from '../../units.ts'

/** A difference of bytes in decimal units, such as `+1.2 MB`. */
export function signedBytes(bytes: number): string {
  const { value, unit } = scaleBytes(Math.abs(bytes))
  const sign = bytes > 0 ? '+' : bytes < 0 ? '−' : '±'
  return `${sign}${value.toFixed(unit === 'B' || value >= 99.95 ? 0 : 1)} ${unit}`
}
