/** Warnings about declared units that do less than they seem to. */
import type { Warning } from '../warning.ts'
import type { UnitLink } from './enable.ts'
import { BOOT_TARGET } from './gettys.ts'
import { isStarted } from './started.ts'
import { filesOfUnit, parseUnitName, type UnitName } from './unit-name.ts'
import type { UnitSite } from './unit-site.ts'
import type { UnitStub } from './unit-stub.ts'

/** The known units of an image. */
export interface KnownUnits {
  readonly site: UnitSite
  /** Names of the unit files and other names that the build adds. */
  readonly added: ReadonlySet<string>
}

/** Types of units that systemd makes without a file. */
const FILELESS = ['automount', 'device', 'mount', 'scope', 'slice', 'swap']

/** Warnings about a declared unit; `from` is its origin, for messages. */
export async function unitWarnings(name: string, stub: UnitStub, known: KnownUnits, from: string): Promise<Warning[]> {
  const { text, mask, enable, dropIns } = stub
  if (text !== undefined) return []
  const warn = (code: Warning['code'], why: string): Warning[] => [
    { code, path: name, message: `${name} (${from}): ${why}` },
  ]
  const unit = parseUnitName(name)!
  const isMissing = !(await isKnown(unit, known))
  if (mask && isMissing) return warn('UNIT_MASKED_MISSING', 'is masked, but there is no such unit in the image')
  const hasDropIns = Object.keys(dropIns ?? {}).length > 0
  if (hasDropIns && isMissing && !canLackFile(unit)) {
    return warn('UNIT_MISSING', 'has drop-ins, but there is no such unit in the image; correct the name')
  }
  if (enable !== false || mask) return []
  if (isMissing) return warn('UNIT_MISSING', 'is not enabled, but there is no such unit in the image; correct the name')
  if (!(await isStarted(name, known.site))) return []
  const why = 'enable: false does not disable a unit of the closure; to keep it from starting, give mask: true instead'
  return warn('UNIT_NOT_DISABLED', why)
}

/** Whether an image has a unit, be it by a template. */
export async function isKnown(unit: UnitName, { site, added }: KnownUnits): Promise<boolean> {
  for (const file of filesOfUnit(unit)) {
    if (added.has(file) || (await site.findUnit(file)) || (await site.isLost(file))) return true
  }
  // systemd-sysv-generator makes a service of each script there.
  return unit.type === 'service' && (await site.hasProgram(`/etc/init.d/${unit.prefix}`))
}

/** Whether drop-ins of this name may be right without a unit file: `web-.service.d` is for all units `web-….service`. */
function canLackFile({ type, prefix }: UnitName): boolean {
  return FILELESS.includes(type) || prefix.endsWith('-')
}

/** A symlink of an enabled unit in the folder of one that is to start it: `OTHER.wants/UNIT`. */
const DEPENDENCY = /^([^/]+)\.(?:wants|requires|upholds)\/([^/]+)$/

/**
 * Warnings about links that enable a unit for one that the image does not have, as under a mistyped name. None where the
 * image does not show {@link BOOT_TARGET}: then other units that it has are hidden as well.
 */
export async function dependencyWarnings(links: readonly UnitLink[], known: KnownUnits): Promise<Warning[]> {
  if (!(await known.site.findUnit(BOOT_TARGET))) return []
  const warnings: Warning[] = []
  for (const { path } of links) {
    const [, other = '', unit] = DEPENDENCY.exec(path) ?? []
    const dependent = parseUnitName(other)
    if (dependent === undefined || canAppearLater(dependent, known.site) || (await isKnown(dependent, known))) continue
    const message = `${unit}: ${other} is to start it, but there is no such unit in the image; correct its [Install] section`
    warnings.push({ code: 'UNIT_MISSING', path: unit, message })
  }
  return warnings
}

/** Whether a unit may come to be without a file of the image. Generators make services; NixOS lists all that it has. */
function canAppearLater({ type }: UnitName, { isNixos }: UnitSite): boolean {
  return FILELESS.includes(type) || (type === 'service' && !isNixos)
}
