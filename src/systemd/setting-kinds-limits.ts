/** Resource limits: `SOFT:HARD`, or one for both (`rlimit_parse` in systemd's `src/basic/rlimit-util.c`). */
import type { SettingKind } from './setting-kinds.ts'

/** Reads one limit; `undefined` for other text. */
type Read = (text: string) => number | undefined

/** The units of systemd.time(7), in seconds. */
const UNITS: Readonly<Record<string, number>> = Object.fromEntries(
  (
    [
      [['us', 'usec', 'µs', 'μs'], 1e-6],
      [['ms', 'msec'], 1e-3],
      [['s', 'sec', 'second', 'seconds'], 1],
      [['m', 'min', 'minute', 'minutes'], 60],
      [['h', 'hr', 'hour', 'hours'], 3600],
      [['d', 'day', 'days'], 86_400],
      [['w', 'week', 'weeks'], 604_800],
      [['M', 'month', 'months'], 2_629_800],
      [['y', 'year', 'years'], 31_557_600],
    ] as const
  ).flatMap(([names, seconds]) => names.map(name => [name, seconds])),
)
const AMOUNT = String.raw`\d+(?:\.\d+)?`
const SPAN = new RegExp(`^(?:${AMOUNT} *(?:${Object.keys(UNITS).join('|')}) *)*(?:${AMOUNT})?$`)
const SIZES = 'BKMGTPE'
/** Each unit once, the largest first; bytes need none. */
const SIZE = new RegExp(`^${[...'EPTGMKB', ''].map(unit => `(?: *${AMOUNT} *${unit})?`).join('')}$`)

function readCount(text: string): number | undefined {
  return /^(0|[1-9]\d*)$/.test(text) ? Number(text) : undefined
}

function readSize(text: string): number | undefined {
  return text !== '' && SIZE.test(text) ? sum(text, unit => 1024 ** SIZES.indexOf(unit || 'B')) : undefined
}

/** Adds up amounts with their units. */
function sum(text: string, factor: (unit: string) => number): number {
  const parts = text.matchAll(/([\d.]+) *([^\d. ]*)/g)
  return Array.from(parts, ([, amount, unit]) => Number(amount) * factor(unit!)).reduce((a, b) => a + b)
}

/** A time of several parts, such as `1min 30s`; a number alone counts in `unit`. */
const readTime =
  (unit: 's' | 'us'): Read =>
  text =>
    text !== '' && SPAN.test(text) ? sum(text, name => UNITS[name || unit]!) : undefined

/** A nice level has a sign, without one it is the kernel's number for it: 20 for level 0, 40 for -20. */
function readNice(text: string): number | undefined {
  const level = readCount(text.replace(/^[+-]/, ''))
  if (level === undefined || level > (text[0] === '+' ? 19 : text[0] === '-' ? 20 : 40)) return undefined
  return text[0] === '+' ? 20 - level : text[0] === '-' ? 20 + level : level
}

/** All of them but nice levels. */
const endless =
  (read: Read): Read =>
  text =>
    text === 'infinity' ? Number.POSITIVE_INFINITY : read(text)

function limit(right: string, read: Read): SettingKind<string | number> {
  return {
    right: `${right}; SOFT:HARD for two, the first not above the second`,
    types: ['number', 'string'],
    fits: text => {
      const limits = text.split(':').map(read)
      const isInRange = limits.every(one => one !== undefined && (one < 2 ** 64 || one === Number.POSITIVE_INFINITY))
      return isInRange && limits.length <= 2 && limits[0]! <= limits.at(-1)!
    },
  }
}

export const count = limit('a whole number or infinity', endless(readCount))

export const size = limit('a number of bytes, such as 4096, 64K, 1.5G or infinity', endless(readSize))

export const seconds = limit('a time, such as 90 (seconds), 1min 30s or infinity', endless(readTime('s')))

export const microseconds = limit('a time, such as 500 (microseconds), 20ms or infinity', endless(readTime('us')))

export const nice = limit('a nice level from -20 to +19 with its sign, or a number from 0 to 40', readNice)
