/**
 * Checks what a program gives to a public function, whose types not every caller has: a key that is not known and a value of
 * another kind are refused by name, since what is passed over in silence is found out much later.
 */

import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isObject } from './is-object.ts'
import { printable, quoted, shortened } from './printable.ts'
import { suggest } from './suggest.ts'

/** Throws `TypeError` for a value of another kind, and `RangeError` for one that is out of its range. `name` says whose it is. */
export type Check = (value: unknown, name: string) => void

/** A check of one kind; `right` goes into the message behind "give". */
function kind(right: string, isRight: (value: unknown) => boolean): Check {
  return (value, name) => {
    if (!isRight(value)) throw new TypeError(`${name}: give ${right}, not ${shown(value)}`)
  }
}

export const text = kind('text', value => typeof value === 'string')
export const someText = kind('some text', value => typeof value === 'string' && value !== '')
export const number = kind('a number', value => typeof value === 'number')
export const flag = kind('true or false', value => typeof value === 'boolean')
export const callback = kind('a function', value => typeof value === 'function')
export const textOrBytes = kind('text or a Uint8Array', isTextOrBytes)
export const filePath = kind('a path', value => typeof value === 'string' && value !== '')
export const fileOrUrl = kind('a path, or a file: URL', isPathOrUrl)
export const anyObject = kind('an object', isObject)
export const abortSignal = kind('an AbortSignal', value => value instanceof AbortSignal)

/** A whole number from `min` to `max`. */
export function wholeNumber(min: number, max = Number.POSITIVE_INFINITY): Check {
  const right =
    max === Number.POSITIVE_INFINITY ? `a whole number from ${min} on` : `a whole number from ${min} to ${max}`
  return (value, name) => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return
    const Kind = typeof value === 'number' ? RangeError : TypeError
    throw new Kind(`${name}: give ${right}, not ${shown(value)}`)
  }
}

/** One of some words. */
export function oneOf(words: readonly string[]): Check {
  return (value, name) => {
    if (typeof value === 'string' && words.includes(value)) return
    const Kind = typeof value === 'string' ? RangeError : TypeError
    const hint = typeof value === 'string' ? suggest(value, words) : ''
    throw new Kind(`${name}: give one of ${words.join(', ')}, not ${shown(value)}${hint}`)
  }
}

/** A list. */
export function listOf(item: Check): Check {
  return (value, name) => {
    if (!Array.isArray(value)) throw new TypeError(`${name}: give a list, not ${shown(value)}`)
    // Not `forEach`, which passes over holes.
    for (let i = 0; i < value.length; i++) item(value[i], `${name}[${i}]`)
  }
}

/** An object with any keys. */
export function recordOf(item: Check): Check {
  return (value, name) => {
    for (const [key, one] of entriesOf(value, name)) item(one, `${name}[${quoted(key)}]`)
  }
}

/** An object with these methods, of whatever class. */
export function withMethods(...methods: readonly string[]): Check {
  const right = `an object with the methods ${methods.join(' and ')}`
  return kind(right, value => isObject(value) && methods.every(method => typeof value[method] === 'function'))
}

/** An object with these keys and no others. All may be absent or `undefined`, but for those that are required. */
export function objectOf(keys: Readonly<Record<string, Check>>, required: readonly string[] = []): Check {
  return (value, name) => {
    for (const [key, one] of entriesOf(value, name)) {
      if (!Object.hasOwn(keys, key)) throw unknownKey(name, key, Object.keys(keys))
      if (one !== undefined) keys[key](one, `${name}.${key}`)
    }
    for (const key of required) {
      if ((value as Record<string, unknown>)[key] === undefined) throw new TypeError(`${name}.${key}: is missing`)
    }
  }
}

/** Checks with `first` what `isFirst` accepts, and with `second` everything else. */
export function either(isFirst: (value: unknown) => boolean, first: Check, second: Check): Check {
  return (value, name) => (isFirst(value) ? first(value, name) : second(value, name))
}

export function isTextOrBytes(value: unknown): value is string | Uint8Array {
  return typeof value === 'string' || value instanceof Uint8Array
}

/** The absolute path that an argument of the kind {@link fileOrUrl} names now. Throws `TypeError` for any other. */
export function resolvePath(value: string | URL, name: string): string {
  fileOrUrl(value, name)
  return value instanceof URL ? fileURLToPath(value) : resolve(value)
}

function isPathOrUrl(value: unknown): boolean {
  return value instanceof URL
    ? value.protocol === 'file:' && value.host === ''
    : typeof value === 'string' && value !== ''
}

function entriesOf(value: unknown, name: string): [string, unknown][] {
  if (isObject(value)) return Object.entries(value)
  throw new TypeError(`${name}: give an object, not ${shown(value)}`)
}

function unknownKey(name: string, key: string, known: readonly string[]): TypeError {
  return new TypeError(
    `${name}.${printable(shortened(key))}: no such key${suggest(key, known) || `; there may be ${known.join(', ')}`}`,
  )
}

/** A wrong value as a message shows it, however large it is. */
function shown(value: unknown): string {
  if (typeof value === 'string') return quoted(value)
  if (value === undefined) return 'undefined'
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object'
  return typeof value === 'function' ? 'a function' : String(value)
}
