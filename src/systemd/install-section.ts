/**
 * The `[Install]` sections of a unit (systemd.unit(5)): those of its file, then those of its drop-ins, which are
 * the files `UNIT.d/*.conf`, in the order of their names. Where an instance and its template have drop-ins with the same
 * name, only the instance's is read.
 *
 *     Alias=             other names
 *     WantedBy=          units that pull it in
 *     RequiredBy=        units that need it
 *     UpheldBy=          units that keep it running; systemd has that since 254, and older ones pass over it
 *     Also=              units to enable along with it
 *     DefaultInstance=   which instance of a template is enabled
 *
 * The first four are words, in quotes if need be, and an empty value clears what stood before. In all of them a `%` and
 * a letter stand for a part of the unit's name.
 */

import type { Warning } from '../warning.ts'
import { SystemdError } from './errors.ts'
import { type Assignment, parseUnitFile, splitWords } from './unit-file.ts'
import {
  canBeTemplate,
  canHaveAlias,
  checkUnitName,
  filesOfUnit,
  instanceOf,
  parseUnitName,
  type UnitName,
} from './unit-name.ts'
import { UnitTexts } from './unit-texts.ts'

/** A word of a value, and what messages call the value. */
export interface Word {
  readonly text: string
  readonly where: string
  readonly line: number
}

/** The directives that enable a unit. */
export interface InstallSection {
  readonly name: UnitName
  /** The file of the unit; a template's for most instances. */
  readonly file: string
  /** Whether the file is empty, so that the unit can be neither started nor enabled. */
  readonly isMasked: boolean
  readonly lists: Record<ListKey, Word[]>
  /** Names of units, with nothing left to expand. */
  readonly also: string[]
  /** Absent unless the unit is a template. */
  defaultInstance?: string
  readonly warnings: Warning[]
}

type ListKey = (typeof LISTS)[number]
const LISTS = ['Alias', 'WantedBy', 'RequiredBy', 'UpheldBy'] as const

/**
 * Reads what there is to enable a unit by from `units`, the texts of unit files and drop-ins by name; `undefined` if the
 * unit has no file there. Throws `SystemdError` UNIT_INVALID.
 */
export function readInstallSection(units: ReadonlyMap<string, string>, unit: string): InstallSection | undefined {
  const name = parseUnitName(checkUnitName(unit))!
  const files = filesOfUnit(name)
  const file = files.find(file => units.has(file))
  if (file === undefined) return undefined
  if (name.kind !== 'plain' && !canBeTemplate(name)) {
    throw new SystemdError('UNIT_INVALID', `${unit}: there are no templates of type ${name.type}; leave the "@" out`)
  }
  const isMasked = units.get(file) === ''
  const lists = { Alias: [], WantedBy: [], RequiredBy: [], UpheldBy: [] }
  const section: InstallSection = { name, file, isMasked, lists, also: [], warnings: [] }
  for (const part of isMasked ? [] : [file, ...dropInsOf(files, units)]) {
    for (const assignment of parseUnitFile(units.get(part)!, part)) {
      if (assignment.section === 'Install') readAssignment(section, part, assignment)
    }
  }
  return section
}

function dropInsOf(files: readonly string[], units: ReadonlyMap<string, string>): string[] {
  const index = units instanceof UnitTexts ? units : new UnitTexts(units)
  const byName = new Map<string, string>()
  for (const file of files) {
    for (const name of index.dropInsOf(file)) if (!byName.has(name)) byName.set(name, `${file}.d/${name}`)
  }
  return [...byName.keys()].sort().map(name => byName.get(name)!)
}

function readAssignment(section: InstallSection, file: string, { key, value, line }: Assignment): void {
  const { name, lists, also, warnings } = section
  const where = `${file} line ${line}, ${key}=`
  const ignore = (why: string) => {
    const message = `${where} is passed over, because ${why}`
    warnings.push({ code: 'UNIT_SETTING_IGNORED', path: file, message })
  }
  if (key === 'Also') {
    // For this key alone systemctl knows no quotes, and takes a backslash away from what follows it.
    for (const text of value.split(/[ \t]+/).filter(text => text !== '')) {
      const word = { text: text.replace(/\\(.)/g, '$1'), where, line }
      const unit = expand(word, section)
      if (parseUnitName(unit) === undefined) throw invalid(word, 'it is not the name of a unit')
      also.push(unit)
    }
  } else if (key === 'DefaultInstance') {
    if (name.kind === 'plain') ignore('the unit is not a template')
    if (name.kind !== 'template') return
    const word = { text: value, where, line }
    const instance = expand(word, section)
    if (parseUnitName(`${name.prefix}@${instance}.${name.type}`) === undefined) {
      throw invalid(word, `${name.prefix}@${instance}.${name.type} is not the name of a unit`)
    }
    section.defaultInstance = instance === '' ? undefined : instance
  } else if (!isListKey(key)) {
    if (!key.startsWith('X-')) ignore('systemd knows no such setting')
  } else if (key === 'Alias' && !canHaveAlias(name)) {
    ignore(`units of type ${name.type} have no other names`)
  } else if (value === '') {
    lists[key] = []
  } else {
    lists[key].push(...splitWords(value, where).map(text => ({ text, where, line })))
  }
}

/** The unit that is enabled: of a template its default instance, and the template itself if it has none. */
export function enabledUnit({ name, defaultInstance }: InstallSection): UnitName {
  return defaultInstance === undefined ? name : instanceOf(name, defaultInstance)
}

/**
 * A word with its specifiers replaced. Throws `SystemdError` UNIT_INVALID for those that stand for facts of the machine, such as
 * `%H` or `%m`: an image is no machine yet.
 */
export function expand(word: Word, section: InstallSection): string {
  const unit = enabledUnit(section)
  const values: Record<string, string> = {
    '%': '%',
    i: unit.instance,
    j: unit.prefix.slice(unit.prefix.lastIndexOf('-') + 1),
    n: unit.text,
    N: unit.text.slice(0, -unit.type.length - 1),
    p: unit.prefix,
  }
  return word.text.replace(/%(.?)/g, (specifier, letter: string) => {
    if (Object.hasOwn(values, letter)) return values[letter]!
    throw invalid(word, `use %i, %j, %n, %N, %p and %% in an image, not ${specifier}`)
  })
}

/** The error that a word is wrong. */
export function invalid({ text, where, line }: Word, reason: string): SystemdError {
  return new SystemdError('UNIT_INVALID', `${where}: ${JSON.stringify(text)}: ${reason}`, line)
}

function isListKey(key: string): key is ListKey {
  return (LISTS as readonly string[]).includes(key)
}
