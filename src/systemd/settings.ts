/** Settings of systemd-nspawn (systemd.nspawn(5)): their faults, and their text. */

import { COMPANION_MAX } from '../image-files.ts'
import { isObject } from '../is-object.ts'
import { suggest } from '../suggest.ts'
import { SystemdError } from './errors.ts'
import { settingClashes } from './setting-clashes.ts'
import type { SettingKind } from './setting-kinds.ts'
import { itemsOf, problemWithItem, writeValue } from './setting-values.ts'
import { type NspawnSettings, SETTINGS_KEYS, settingKey } from './settings-keys.ts'

/** Something that is wrong with settings. */
export interface SettingsProblem {
  /** Section, key, and number in a list, as far as they are known. */
  readonly path: readonly (string | number)[]
  readonly message: string
  /** Whether it is about the name of the section or key. */
  readonly isAboutName: boolean
}

/** Everything that is wrong with settings that somebody gives. What is `undefined` counts as not given. */
export function settingsProblems(settings: unknown): SettingsProblem[] {
  if (!isObject(settings)) return [wrongValue([], 'give sections, such as { Network: { … } }')]
  const problems = entriesOf(settings).flatMap(([section, keys]) => {
    const unknown = sectionProblem(section)
    if (unknown) return [unknown]
    if (!isObject(keys)) return [wrongValue([section], 'give keys with their values')]
    return entriesOf(keys).flatMap(([key, value]) => settingProblems(section, key, value))
  })
  const clashes = settingClashes(settings).map(({ path, message }) => wrongValue(path, message))
  return [...problems, ...clashes]
}

/** The problem with the name of a section; `undefined` if there is none. */
export function sectionProblem(section: string): SettingsProblem | undefined {
  const known = Object.keys(SETTINGS_KEYS)
  if (known.includes(section)) return undefined
  const message = `no such section${suggest(section, known) || `; there are ${known.join(', ')}`}`
  return { path: [section], message, isAboutName: true }
}

/** Everything that is wrong with a key of a section that there is. */
export function settingProblems(section: string, key: string, value: unknown): SettingsProblem[] {
  const kind = settingKey(section, key)?.kind
  if (kind === undefined) return [{ path: [section, key], message: unknownKey(section, key), isAboutName: true }]
  if (Array.isArray(value)) {
    if (!kind.several) return [wrongValue([section, key], `has one value: give ${kind.right}`)]
    return value.flatMap((item, index) => itemProblems([section, key, index], kind, item))
  }
  const items = itemsOf(kind, value)
  if (items === undefined) return [unclosedQuote(section, key, value)]
  return items.flatMap(item => itemProblems([section, key], kind, item))
}

/** The problem with words of which one begins with a quote and does not end with it. */
export function unclosedQuote(section: string, key: string, value: unknown): SettingsProblem {
  return wrongValue([section, key], `close the quotes of ${JSON.stringify(value)}`)
}

function unknownKey(section: string, key: string): string {
  const all: Record<string, object> = SETTINGS_KEYS
  const other = Object.keys(all).find(name => settingKey(name, key))
  if (other) return `no key of [${section}], but of [${other}]; move it there`
  return `no such key${suggest(key, Object.keys(all[section])) || '; see systemd.nspawn(5)'}`
}

function itemProblems(path: readonly (string | number)[], kind: SettingKind<unknown>, item: unknown) {
  const message = problemWithItem(kind, item)
  return message === undefined ? [] : [wrongValue(path, message)]
}

function wrongValue(path: readonly (string | number)[], message: string): SettingsProblem {
  return { path, message, isAboutName: false }
}

/**
 * The text of settings: sections and keys in the order of the table, lists of words as one line, other lists as a line for
 * each value. Nothing stands for anything else: systemd-nspawn knows no `%` specifiers here. Throws `SystemdError`
 * SETTINGS_INVALID with all faults.
 */
export function formatSettings(settings: NspawnSettings): string {
  const problems = settingsProblems(settings)
  if (problems.length > 0) {
    const lines = problems.map(({ path, message }) => `${['settings', ...path].join('.')}: ${message}`)
    throw new SystemdError('SETTINGS_INVALID', lines)
  }
  const given: Record<string, Record<string, unknown> | undefined> = settings
  const sections = Object.entries(SETTINGS_KEYS).flatMap(([section, keys]) => {
    const lines = Object.entries<{ kind: SettingKind<unknown> }>(keys).flatMap(([key, { kind }]) => {
      const value = given[section]?.[key]
      return value === undefined ? [] : writeValue(kind, value).map(text => `${key}=${text}\n`)
    })
    return lines.length > 0 ? [`[${section}]\n${lines.join('')}`] : []
  })
  return sections.join('\n')
}

/** Checks that a settings file can be delivered beside an image. Throws `SystemdError`. */
export function checkSettings(settings: Uint8Array): Uint8Array {
  if (settings.length > COMPANION_MAX) {
    throw new SystemdError(
      'SETTINGS_INVALID',
      `the settings file has ${settings.length} bytes; machinectl pull-tar downloads ${COMPANION_MAX} at the most`,
    )
  }
  if (settings.includes(0)) {
    throw new SystemdError(
      'SETTINGS_INVALID',
      'the settings file holds a NUL byte: it must be text (systemd.nspawn(5))',
    )
  }
  return settings
}

function entriesOf(object: Record<string, unknown>): [string, unknown][] {
  return Object.entries(object).filter(([, value]) => value !== undefined)
}
