/** The text of a `.nspawn` file (`settings_load` in systemd's `src/nspawn/nspawn-settings.c`). */
import { SystemdError } from './errors.ts'
import { readValue } from './setting-values.ts'
import { type SettingsProblem, sectionProblem, settingProblems, settingsProblems, unclosedQuote } from './settings.ts'
import { type NspawnSettings, settingKey } from './settings-keys.ts'
import { type Assignment, parseUnitFile } from './unit-file.ts'

/** Something that is wrong with a settings file. */
export interface SettingsTextProblem extends SettingsProblem {
  /** Counted from 1. */
  readonly line: number
}

/** Settings by section and key, while they are read. */
type Read = Record<string, Record<string, unknown>>

/**
 * Reads a settings file as systemd-nspawn does. Lines with faults are in `problems`, and not in `settings`. A file without
 * the syntax of unit files is one problem. Sections and keys `X-…` are passed over: they belong to other programs.
 */
export function parseSettings(text: string): { settings: NspawnSettings; problems: SettingsTextProblem[] } {
  const settings: Read = {}
  const problems: SettingsTextProblem[] = []
  const lines = new Map<string, number>()
  try {
    for (const assignment of parseUnitFile(text, 'settings', '[Exec]')) {
      const { section, key, line } = assignment
      if (section.startsWith('X-') || key.startsWith('X-')) continue
      const unknown = sectionProblem(section)
      const found = unknown ? [unknown] : assign(settings, assignment)
      for (const { path, ...problem } of found) problems.push({ ...problem, path: path.slice(0, 2), line })
      lines.set(`${section}.${key}`, line)
    }
  } catch (error) {
    if (!(error instanceof SystemdError)) throw error
    problems.push({ path: [], message: error.message, isAboutName: false, line: error.line ?? 1 })
  }
  // Lines that are right by themselves can be wrong together.
  for (const problem of settingsProblems(settings)) {
    const [section, key] = problem.path
    problems.push({ ...problem, line: lines.get(`${section}.${key}`)! })
    delete settings[section][key]
    if (Object.keys(settings[section]).length === 0) delete settings[section]
  }
  return { settings: settings as NspawnSettings, problems }
}

/** Adds the setting of a line to `settings`, or returns the fault of the line. */
function assign(settings: Read, { section, key, value }: Assignment): SettingsProblem[] {
  const kind = settingKey(section, key)?.kind
  if (kind === undefined) return settingProblems(section, key, value)
  if (value === '' && kind.isResettable) {
    delete settings[section]?.[key]
    return []
  }
  const read = readValue(kind, value)
  if (read === undefined) return [unclosedQuote(section, key, value)]
  const problems = settingProblems(section, key, read)
  if (problems.length > 0) return problems
  settings[section] ??= {}
  const before = settings[section][key]
  // In place: to copy the list for each line would take long for a long one.
  if (Array.isArray(read) && Array.isArray(before)) for (const item of read) before.push(item)
  else settings[section][key] = read
  return []
}

/** Everything that is wrong with the text of a settings file, for people to read, with its lines. */
export function settingsTextProblems(text: string): string[] {
  return parseSettings(text).problems.map(({ path: [section, key], message, line }) => {
    if (section === undefined) return message
    return `settings line ${line}: [${section}]${key === undefined ? '' : ` ${key}`}: ${message}`
  })
}
