/** Amounts as people read them. */

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** Bytes, 0 or more, in the decimal unit in which they have up to three digits in front of the point. */
export function scaleBytes(bytes: number): { readonly value: number; readonly unit: (typeof UNITS)[number] } {
  let value = bytes
  let step = 0
  while (value >= 999.5 && step < UNITS.length - 1) {
    value /= 1000
    step++
  }
  return { value, unit: UNITS[step] }
}

/** Bytes in decimal units with three digits, such as `139 MB`. */
export function formatBytes(bytes: number): string {
  const { value, unit } = scaleBytes(bytes)
  const digits = unit === 'B' || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2
  return `${value.toFixed(digits)} ${unit}`
}

/** Seconds as `4.2 s`, or `3 min 20 s`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  return `${Math.floor(whole / 60)} min ${whole % 60} s`
}

/** Permission bits as four octal digits. */
export function octalMode(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}
