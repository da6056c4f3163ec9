/**
 * `systemctl enable` without a system: the symlinks by which systemd finds the units to start at boot
 * (`install_context_apply` in systemd's `src/shared/install.c`).
 *
 *     OTHER.wants/UNIT -> FOLDER/FILE       WantedBy=OTHER in the [Install] section of UNIT
 *     OTHER.requires/UNIT -> FOLDER/FILE    RequiredBy=OTHER
 *     OTHER.upholds/UNIT -> FOLDER/FILE     UpheldBy=OTHER
 *     NAME -> FOLDER/FILE                   Alias=NAME
 *
 * Where systemctl makes what it can and then fails, this fails at once.
 */

import type { Warning } from '../warning.ts'
import { SystemdError } from './errors.ts'
import { enabledUnit, expand, type InstallSection, invalid, readInstallSection, type Word } from './install-section.ts'
import { canBeTemplate, canHaveAlias, checkUnitName, instanceOf, parseUnitName, type UnitName } from './unit-name.ts'
import { UnitTexts } from './unit-texts.ts'

/** A symlink in the folder for units; `path` is relative to it. */
export interface UnitLink {
  readonly path: string
  readonly target: string
}

/** The symlinks, sorted by path, and what is odd about the units, for people to read. */
export interface Enablement {
  readonly links: UnitLink[]
  readonly warnings: Warning[]
}

/**
 * Enables the units `names`, and what they name in `Also=`. `texts` holds the texts of unit files by name
 * (`web.service`, `getty@.service`), and of drop-ins (`web.service.d/10-boot.conf`); `pathOf` tells the absolute path of a
 * unit file. Throws `SystemdError` UNIT_INVALID for all that systemctl fails at, and for unit files that
 * systemd would read only in part. It is a warning if a unit has nothing to enable it by, and if one in `Also=` is not in
 * `texts`.
 */
export function enableUnits(
  texts: ReadonlyMap<string, string>,
  names: Iterable<string>,
  pathOf: (file: string) => string,
): Enablement {
  const units = texts instanceof UnitTexts ? texts : new UnitTexts(texts)
  const named = new Set(names)
  const links = new Map<string, string>()
  const warnings = new Map<string, Warning>()
  const warn = (warning: Warning) => warnings.set(warning.message, warning)
  const warnNotEnabled = (unit: string, why: string) =>
    warn({ code: 'UNIT_NOT_ENABLED', path: unit, message: `${unit}: ${why}` })
  // The order of systemctl. It matters where two units make the same symlink.
  const pending = new Set<string>()
  for (const name of named) {
    pending.add(name)
    for (const also of installReferences(units, name)) pending.add(also)
  }
  for (const name of pending) {
    const section = readInstallSection(units, name)
    const problem = problemWith(section, links.get(name))
    if (section === undefined || problem !== undefined) {
      if (named.has(name)) {
        const wayOut = section === undefined ? '; correct its name, or give its text or file' : ''
        throw new SystemdError('UNIT_INVALID', `${name}: ${problem}, so it cannot be enabled${wayOut}`)
      }
      warnNotEnabled(name, `${problem}, so it is not enabled along with the units that name it in Also=`)
      continue
    }
    for (const also of section.also) pending.add(also)
    section.warnings.forEach(warn)
    const isEnabled = addLinks(links, section, units, pathOf(section.file))
    if (!isEnabled && section.also.length === 0) {
      const why = 'nothing in its [Install] section says when to start it, so it is not enabled'
      warnNotEnabled(
        name,
        `${why}; give it a drop-in in systemd.units with the lines [Install] and WantedBy=multi-user.target`,
      )
    }
  }
  const byPath = [...links].sort(([a], [b]) => (a < b ? -1 : 1))
  return { links: byPath.map(([path, target]) => ({ path, target })), warnings: [...warnings.values()] }
}

/** The units that a unit names in `Also=`; none if it has no file in `units`. Throws `SystemdError` UNIT_INVALID. */
export function installReferences(units: ReadonlyMap<string, string>, name: string): string[] {
  return readInstallSection(units, name)?.also ?? []
}

/** The symlink by which a unit cannot be started, whatever its file says. Throws `SystemdError` UNIT_INVALID. */
export function maskLink(name: string): UnitLink {
  return { path: checkUnitName(name), target: '/dev/null' }
}

function problemWith(section: InstallSection | undefined, link: string | undefined): string | undefined {
  if (section === undefined) return 'has no unit file'
  if (section.isMasked) return 'is masked'
  return link === undefined ? undefined : `is another name for ${link}`
}

/** Adds the symlinks of a unit, and says whether it has any. */
function addLinks(
  links: Map<string, string>,
  section: InstallSection,
  units: ReadonlyMap<string, string>,
  target: string,
): boolean {
  const { Alias, WantedBy, RequiredBy, UpheldBy } = section.lists
  let isEnabled = false
  for (const word of Alias) {
    const path = aliasPath(word, section)
    if (path === section.name.text) continue
    if (units.has(path)) throw invalid(word, `there is a unit file ${path}, so it is no other name for this unit`)
    if ((links.get(path) ?? target) !== target) throw invalid(word, `${path} is another name for ${links.get(path)}`)
    links.set(path, target)
    isEnabled = true
  }
  const unit = enabledUnit(section)
  const dependencies = { wants: WantedBy, requires: RequiredBy, upholds: UpheldBy }
  for (const [folder, words] of Object.entries(dependencies)) {
    for (const word of words) {
      if (units.get(unit.text) === '') throw invalid(word, `${unit.text} is masked, so it cannot be enabled`)
      links.set(`${dependentUnit(word, section, unit)}.${folder}/${unit.text}`, target)
      isEnabled = true
    }
  }
  return isEnabled
}

function dependentUnit(word: Word, section: InstallSection, unit: UnitName): string {
  const dependent = parseUnitName(expand(word, section))
  if (dependent === undefined) throw invalid(word, 'it is not the name of a unit')
  if (unit.kind === 'template' && dependent.kind === 'plain') {
    throw invalid(
      word,
      `it cannot start a template; enable an instance, ${unit.prefix}@NAME.${unit.type}, or give DefaultInstance=`,
    )
  }
  return dependent.text
}

/** The path of a symlink that `Alias=` asks for; the unit's own name if it is that. */
function aliasPath(word: Word, section: InstallSection): string {
  const path = expand(word, section)
  const { name } = section
  // From before there was WantedBy=: Alias=OTHER.wants/UNIT.
  const old = /^([^/]+)\.(?:wants|requires)\/([^/]+)$/.exec(path)
  if (old !== null) {
    const dependent = parseUnitName(old[1]!)
    const link = parseUnitName(old[2]!)
    if (dependent && link && isDependencyOf(link, name, dependent)) return path
    throw invalid(word, `${path} is no symlink by which a unit pulls in ${name.text}`)
  }
  const alias = parseUnitName(path)
  if (alias === undefined) throw invalid(word, 'it is not the name of a unit')
  const whole = alias.kind === 'template' && name.kind === 'instance' ? instanceOf(alias, name.instance) : alias
  if (isAliasOf(whole, name)) return whole.text
  throw invalid(word, `${name.text} and its other names must be of one type, and all or none of them templates`)
}

/** Whether the symlink `DEPENDENT.wants/LINK` can stand for a unit (systemd's `unit_symlink_name_compatible`). */
function isDependencyOf(link: UnitName, unit: UnitName, dependent: UnitName): boolean {
  if (link.kind === 'template') return dependent.kind === 'template' && link.text === unit.text
  return link.text === unit.text || (link.kind === 'instance' && instanceOf(link, '').text === unit.text)
}

/** Whether a unit can have the name `alias`, too (systemd's `unit_validate_alias_symlink_or_warn`). */
function isAliasOf(alias: UnitName, unit: UnitName): boolean {
  if (alias.type !== unit.type || !canHaveAlias(alias)) return false
  if (alias.kind !== 'plain' && !canBeTemplate(alias)) return false
  if (alias.kind === 'instance' && unit.kind === 'template') return true
  return alias.kind === unit.kind && alias.instance === unit.instance
}
