/** Adds what an image lacks for logins on its console and by `machinectl login`. */

import type { Warning } from '../warning.ts'
import type { UnitLink } from './enable.ts'
import {
  BOOT_TARGET,
  CONSOLE_GETTY,
  GETTY_TARGET,
  GETTY_TARGET_TEXT,
  GETTYS,
  gettyDropIn,
  gettyText,
  programsOf,
} from './gettys.ts'
import type { FoundUnit, UnitSite } from './unit-site.ts'

/** Files and symlinks for logins, each by its path in a folder for units, and what is odd, for people to read. */
export interface Logins {
  readonly files: { readonly folder: string; readonly file: string; readonly text: string }[]
  readonly links: UnitLink[]
  readonly warnings: Warning[]
}

/**
 * Plans the logins of an image. A unit of the store paths stays as it is if it can start; one that is missing is added,
 * and one that is masked or whose programs are missing is overridden. `isForced`: those that can start are overridden,
 * too. Nothing is added for a unit in `declared`, which the image declares itself, and for one that is its own already.
 */
export async function planLogins(site: UnitSite, declared: ReadonlySet<string>, isForced: boolean): Promise<Logins> {
  const plan: Logins = { files: [], links: [], warnings: [] }
  /** Adds a file, to override the store paths' own if there is one, and returns its path. */
  const add = (file: string, text: string, own: FoundUnit | undefined): string => {
    const folder = own === undefined ? site.unitFolder : site.overridingFolder
    plan.files.push({ folder, file, text })
    return `${folder}/${file}`
  }
  const want = (target: string, file: string, path: string) => {
    plan.links.push({ path: `${target}.wants/${file}`, target: path })
  }
  const addGetty = async (name: (typeof GETTYS)[number], own: FoundUnit | undefined) => {
    const programs = await site.findPrograms()
    if (programs === undefined) {
      const message = `${name}: nobody can log in there, because the image lacks agetty or login; add util-linux`
      plan.warnings.push({ code: 'LOGIN_IMPOSSIBLE', path: name, message })
      return undefined
    }
    // The drop-ins of the store paths apply to a unit that overrides theirs, too. This one comes after them.
    if (own?.dropIns.length) add(`${name}.d/zz-programs.conf`, gettyDropIn(name, programs), own)
    return isMissing(own) || own!.dropIns.length === 0 ? add(name, gettyText(name, programs), own) : own!.path
  }

  const target = await site.findUnit(GETTY_TARGET)
  const isTargetMissing = isMissing(target) && !declared.has(GETTY_TARGET) && !target?.isOwn
  for (const name of GETTYS) {
    if (declared.has(name)) continue
    const own = await site.findUnit(name)
    if (own?.isOwn) continue
    const canStay = own !== undefined && !isForced && (await canStart(own, site))
    const path = canStay ? own.path : await addGetty(name, own)
    // systemd-getty-generator does so, too, in systems that have it.
    if (path !== undefined && name === CONSOLE_GETTY && (isTargetMissing || !canStay)) {
      if (!(await site.findUnit(`${GETTY_TARGET}.wants/${name}`))?.isOwn) want(GETTY_TARGET, name, path)
    }
  }
  if (isTargetMissing) {
    want(BOOT_TARGET, GETTY_TARGET, add(GETTY_TARGET, GETTY_TARGET_TEXT, target))
  } else if (target?.text && !(await site.findUnit(`${BOOT_TARGET}.wants/${GETTY_TARGET}`))) {
    want(BOOT_TARGET, GETTY_TARGET, target.path)
  }
  return plan
}

function isMissing(unit: FoundUnit | undefined): boolean {
  return unit === undefined || unit.text === ''
}

async function canStart(unit: FoundUnit, site: UnitSite): Promise<boolean> {
  if (isMissing(unit)) return false
  for (const program of programsOf([unit.text, ...unit.dropIns])) {
    if (!(await site.hasProgram(program))) return false
  }
  return true
}
