/** Numbers as reports show them. */

const STEPS = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** A difference of bytes in decimal units, such as `+1.2 MB`. */
export function signedBytes(bytes: number): string {
  let value = Math.abs(bytes)
  let step = 0
  while (value >= 999.5 && step < STEPS.length - 1) {
    value /= 1000
    step++
  }
  const sign = bytes > 0 ? '+' : bytes < 0 ? '−' : '±'
  return `${sign}${value.toFixed(step === 0 || value >= 99.95 ? 0 : 1)} ${STEPS[step]}`
}

/** Permission bits as four octal digits. */
export function octalMode(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}
