/** Amounts as people read them. */

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** Bytes, 0 or more, in the decimal unit in which they have up to three digits in front of the point. */
function scaleBytes(bytes: number): { readonly value: number; readonly unit: (typeof UNITS)[number] } {
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

/** A difference of bytes with its sign, such as `+1.20 MB`. */
export function signedBytes(bytes: number): string {
  return `${bytes > 0 ? '+' : bytes < 0 ? '−' : '±'}${formatBytes(Math.abs(bytes))}`
}

/** How many things there are of each kind, in the order of the first ones: `2 upgraded, 1 removed`. */
export function countKinds(things: readonly { readonly kind: string }[]): string {
  const counts = new Map<string, number>()
  for (const { kind } of things) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ')
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
