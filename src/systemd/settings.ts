/** `.nspawn` files (systemd.nspawn(5)): typed settings to text, and what is wrong with either. */
import { suggest } from '../suggest.ts'
import { SystemdError } from './errors.ts'
import type { SettingKind } from './setting-kinds.ts'
import { type NspawnSettings, SETTINGS_KEYS, settingKey } from './settings-keys.ts'
import { parseUnitFile, splitWords } from './unit-file.ts'

/** Bytes of a settings file that `machinectl pull-tar` downloads at the most (systemd `src/import/pull-common.c`). */
const SETTINGS_MAX = 1024 * 1024

/** Something that is wrong with settings. */
export interface SettingsProblem {
  /** Section, key, and number in a list, as far as they are known. */
  readonly path: readonly (string | number)[]
  readonly message: string
  /** Whether it is about the name of the section or key. */
  readonly isAboutName: boolean
}

/** Everything that is wrong with settings that somebody gives. */
export function settingsProblems(settings: unknown): SettingsProblem[] {
  if (!isObject(settings))
    return [{ path: [], message: 'give sections, such as { Network: { … } }', isAboutName: false }]
  return Object.entries(settings).flatMap(([section, keys]): SettingsProblem[] => {
    const unknown = problemWithSection(section)
    if (unknown) return [{ path: [section], message: unknown, isAboutName: true }]
    if (!isObject(keys)) return [{ path: [section], message: 'give keys with their values', isAboutName: false }]
    return Object.entries(keys).flatMap(([key, value]) => problemsWithKey(section, key, value))
  })
}

function problemWithSection(section: string): string | undefined {
  const known = Object.keys(SETTINGS_KEYS)
  if (known.includes(section)) return undefined
  return `no such section${suggest(section, known) || `; there are ${known.join(', ')}`}`
}

function problemWithName(section: string, key: string): string | undefined {
  if (settingKey(section, key)) return undefined
  const keys: Record<string, object> = SETTINGS_KEYS
  const other = Object.keys(keys).find(name => settingKey(name, key))
  if (other) return `no key of [${section}], but of [${other}]; move it there`
  return `no such key${suggest(key, Object.keys(keys[section])) || '; see systemd.nspawn(5)'}`
}

function problemsWithKey(section: string, key: string, value: unknown): SettingsProblem[] {
  const unknown = problemWithName(section, key)
  if (unknown) return [{ path: [section, key], message: unknown, isAboutName: true }]
  const { kind } = settingKey(section, key)!
  if (!Array.isArray(value)) return valueProblems([section, key], kind, value, kind.several === 'words')
  if (kind.several) return value.flatMap((item, i) => valueProblems([section, key, i], kind, item, false))
  return [{ path: [section, key], message: `has one value: give ${kind.right}`, isAboutName: false }]
}

/** Problems with one value; with `split`, a text holds any number of them. */
function valueProblems(
  path: readonly (string | number)[],
  kind: SettingKind<unknown>,
  value: unknown,
  split: boolean,
): SettingsProblem[] {
  const problem = (message: string) => [{ path, message, isAboutName: false }]
  const wrong = problem(`give ${kind.right}, not ${JSON.stringify(value)}`)
  if (typeof value !== 'string') {
    if (!kind.types.some(type => type === typeof value)) return wrong
    return typeof value === 'number' && !(Number.isFinite(value) && (kind.fits?.(String(value)) ?? true)) ? wrong : []
  }
  if (!kind.types.includes('string')) return wrong
  // They would end the line, or go on in the next.
  if (/[\p{Cc}]|\\$|^\s|\s$/u.test(value))
    return problem('has control characters, a "\\" at its end, or space around it')
  if (kind.values) return kind.values.includes(value) ? [] : wrong
  const texts = split ? splitWords(value, path.join('.')) : [value]
  return texts.every(one => kind.fits?.(one) ?? true) ? [] : wrong
}

/** The text of settings: sections and keys in the order of the table. Throws `SystemdError` SETTINGS_INVALID. */
export function formatSettings(settings: NspawnSettings): string {
  const problems = settingsProblems(settings)
  if (problems.length > 0) {
    const lines = problems.map(({ path, message }) => `${['settings', ...path].join('.')}: ${message}`)
    throw new SystemdError('SETTINGS_INVALID', lines.join('\n'))
  }
  const given: Record<string, Record<string, unknown> | undefined> = settings
  const sections = Object.entries(SETTINGS_KEYS).flatMap(([section, keys]) => {
    const lines = Object.keys(keys).flatMap(key => linesOf(section, key, given[section]?.[key]))
    return lines.length > 0 ? [`[${section}]\n${lines.join('')}`] : []
  })
  return sections.join('\n')
}

function linesOf(section: string, key: string, value: unknown): string[] {
  if (value === undefined) return []
  const { several } = settingKey(section, key)!.kind
  const line = (text: string) => `${key}=${text}\n`
  if (several === 'words') return [line(Array.isArray(value) ? value.map(quoted).join(' ') : formatValue(value))]
  return [value].flat().map(item => line(key === 'Environment' ? quoted(item) : formatValue(item)))
}

function formatValue(value: unknown): string {
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value)
}

/** A word; what is in quotes is taken as it is, backslashes and all. */
function quoted(value: unknown): string {
  const text = formatValue(value)
  if (/^[^\s'"\\]+$/.test(text)) return text
  return text.includes('"') ? `'${text}'` : `"${text}"`
}

/** What a settings file has no say in unless it is trusted: where it lies decides, and `pull-tar` puts it elsewhere. */
export interface Distrust {
  readonly section: string
  readonly key: string
}

/** The keys of settings that systemd-nspawn passes over in a file that it does not trust. */
export function ignoredWhenUntrusted(settings: string | NspawnSettings): Distrust[] {
  const text = typeof settings === 'string' ? settings : formatSettings(settings)
  const found = new Map<string, Distrust>()
  for (const { section, key, value } of parseUnitFile(text, 'settings')) {
    if (!settingKey(section, key)?.isPrivileged || (key === 'SystemCallFilter' && value.startsWith('~'))) continue
    found.set(`${section}.${key}`, { section, key })
  }
  return [...found.values()]
}

/** Everything that is wrong with the text of a settings file, for people to read, with its lines. */
export function settingsTextProblems(text: string): string[] {
  let assignments: ReturnType<typeof parseUnitFile>
  try {
    assignments = parseUnitFile(text, 'settings')
  } catch (error) {
    if (error instanceof SystemdError) return [error.message]
    throw error
  }
  return assignments.flatMap(({ section, key, value, line }) => {
    const problem = problemWithSection(section) ?? problemWithName(section, key)
    return problem
      ? [`settings line ${line}: [${section}] ${key}: ${problem}`]
      : textProblems(section, key, value, line)
  })
}

function textProblems(section: string, key: string, value: string, line: number): string[] {
  const { kind } = settingKey(section, key)!
  const isBoolean = /^(1|0|yes|no|y|n|true|false|t|f|on|off)$/i.test(value)
  // An empty value takes back what stood before.
  if (value === '' || (kind.types.includes('boolean') && isBoolean)) return []
  const isText = kind.types.some(type => type !== 'boolean')
  const fits = (one: string) => kind.values?.includes(one) ?? kind.fits?.(one) ?? true
  const texts = kind.several === 'words' || key === 'Environment' ? splitWords(value, `settings line ${line}`) : [value]
  if (isText && texts.every(fits)) return []
  return [`settings line ${line}: ${key}: give ${kind.right}, not ${JSON.stringify(value)}`]
}

/** Checks that a settings file can be delivered beside an image. Throws `SystemdError`. */
export function checkSettings(settings: Uint8Array): Uint8Array {
  if (settings.length > SETTINGS_MAX) {
    throw new SystemdError(
      'SETTINGS_INVALID',
      `the settings file has ${settings.length} bytes; machinectl pull-tar downloads ${SETTINGS_MAX} at the most`,
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

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
