/**
 * The kinds of values that keys of `.nspawn` files have, as systemd 252 to 262 parse them (`config_parse_…` in systemd's
 * `src/nspawn/nspawn-settings.c` and `src/shared/conf-parser.c`).
 */

/** How the values of a key are given and written. `T` is their type in a program. */
export interface SettingKind<T> {
  /** Advice for messages: `give …`. */
  readonly right: string
  /** Types that a single value may have. */
  readonly types: readonly ('boolean' | 'number' | 'string')[]
  /** The only texts that there are; besides them whatever `types` has of boolean and number. */
  readonly values?: readonly string[]
  /** Of several values: one line each, or words of one line. */
  readonly several?: 'lines' | 'words'
  /** Whether values may be in quotes, so that they can hold space. */
  readonly isQuoted?: boolean
  /** Whether an empty value in a file takes back what stands before it. */
  readonly isResettable?: boolean
  /** Whether a text is a value; for those without `values`. */
  readonly fits?: (text: string) => boolean
  /** Never there: carries the type. */
  readonly type?: T
}

/** One value or several. */
export type List<T> = T | readonly T[]

/** For `fits`. */
export const matches = (pattern: RegExp) => (text: string) => pattern.test(text)

export const isPath = matches(/^\//)

/** Without a zero in front, which would make it octal. */
export const isNumber = (min: number, max: number) => (text: string) =>
  /^-?(0|[1-9]\d*)$/.test(text) && Number(text) >= min && Number(text) <= max

/** Yes or no, or nothing for the default. */
export const boolean: SettingKind<boolean> = { right: 'true or false', types: ['boolean'], isResettable: true }

/** Yes or no; nothing is neither. */
export const strictBoolean: SettingKind<boolean> = { ...boolean, isResettable: false }

export const text: SettingKind<string> = {
  right: 'one line of text without quotes and backslashes',
  types: ['string'],
  isResettable: true,
  fits: matches(/^[^'"\\\t]+$/),
}

export const path: SettingKind<string> = {
  right: 'an absolute path without ..',
  types: ['string'],
  isResettable: true,
  fits: matches(/^(?!.*\/\.\.(\/|$))\//),
}

/** A switch that has more to it than on and off. */
export function booleanOr<const W extends string>(...values: W[]): SettingKind<boolean | W> {
  return { right: `true, false or one of ${values.join(', ')}`, types: ['boolean', 'string'], values }
}

export const words: SettingKind<List<string>> = {
  right: 'words, as a list or one text, with quotes around those that hold space',
  types: ['string'],
  several: 'words',
  isQuoted: true,
  isResettable: true,
}

/** A whole number in a range. */
export function wholeNumber(min: number, max: number): SettingKind<number> {
  return { right: `a whole number from ${min} to ${max}`, types: ['number'], fits: isNumber(min, max) }
}
