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
  return `${value.toFixed(digits)} ${STEPS[step]}`
}

/** Seconds as `4.2 s`, or `3 min 20 s`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  return `${Math.floor(whole / 60)} min ${whole % 60} s`
}
