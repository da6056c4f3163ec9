/** Amounts as people read them. */

const STEPS = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** Bytes in decimal units with three digits, such as `139 MB`. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let step = 0
  while (value >= 999.5 && step < STEPS.length - 1) {
    value /= 1000
    step++
  }
  const digits = step === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2
  return `${value.toFixed(digits)}\u00a0${STEPS[step]}`
}

/** A part of a whole, such as `12.3 %`. */
export function formatShare(part: number, whole: number): string {
  return whole === 0 ? '' : `${((100 * part) / whole).toFixed(1)}\u00a0%`
}

/** A number of store paths. */
export function formatCount(count: number): string {
  return `${count} store ${count === 1 ? 'path' : 'paths'}`
}
