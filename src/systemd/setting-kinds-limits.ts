/** Resource limits: `SOFT:HARD`, or one for both (`rlimit_parse` in systemd's `src/basic/rlimit-util.c`). */
import type { SettingKind } from './setting-kinds.ts'

/** Reads one limit; `undefined` if it is none. */
type Read = (text: string) => number | undefined

const UNITS: Readonly<Record<string, number>> = {
  us: 1e-6,
  ms: 1e-3,
  s: 1,
  sec: 1,
  m: 60,
  min: 60,
  h: 3600,
  hr: 3600,
  d: 86_400,
  w: 604_800,
}
const SPAN = /^(?:\d+(?:\.\d+)? ?(?:us|ms|s|sec|m|min|h|hr|d|w) ?)*(?:\d+(?:\.\d+)?)?$/
const SIZES = 'BKMGTPE'

function readCount(text: string): number | undefined {
  return /^(0|[1-9]\d*)$/.test(text) ? Number(text) : undefined
}

function readSize(text: string): number | undefined {
  const [, amount, unit = 'B'] = /^(\d+(?:\.\d+)?) ?([BKMGTPE]?)$/.exec(text) ?? []
  return amount === undefined ? undefined : Number(amount) * 1024 ** SIZES.indexOf(unit || 'B')
}

/** A time of several parts, such as `1min 30s`; a number alone counts in `unit`. */
const readTime =
  (unit: 's' | 'us'): Read =>
  text => {
    if (text === '' || !SPAN.test(text)) return undefined
    const parts = text.matchAll(/([\d.]+) ?([a-z]*)/g)
    return Array.from(parts, ([, amount, name]) => Number(amount) * UNITS[name || unit]).reduce((a, b) => a + b)
  }

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
