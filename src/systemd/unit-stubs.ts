/**
 * Entries for the units of an image: their files, and the links that enable and mask them.
 *
 * Units lie where nothing else puts any. On a NixOS system `/etc/systemd/system` is a symlink that its activation makes at
 * each boot, and cannot make where there is a directory: the machine would come up without units. See {@link UnitSite}.
 */
import { encodeText, utf8Bytes, utf8Text } from '../bytes/index.ts'
import type { TreeEntry } from '../tree/index.ts'
import type { Warning } from '../warning.ts'
import { enableUnits, installReferences, maskLink, type UnitLink } from './enable.ts'
import { SystemdError, type SystemdErrorCode } from './errors.ts'
import { checkFileName } from './file-name.ts'
import { planLogins } from './logins.ts'
import { withoutStarted } from './started.ts'
import { checkUnitName, filesOfUnit, parseUnitName } from './unit-name.ts'
import type { UnitSite } from './unit-site.ts'
import type { UnitStub } from './unit-stub.ts'
import { UnitTexts } from './unit-texts.ts'
import { dependencyWarnings, unitWarnings } from './unit-warnings.ts'

/**
 * Asks at the first boot for locale, time zone and a password, and boots on once somebody has answered. A machine that
 * `machinectl start` starts has nobody at its console: it is masked unless `units` say something of it.
 */
const FIRST_BOOT = 'systemd-firstboot.service'

/** The entries of units and logins, and what is odd about them. Throws `SystemdError` STUB_INVALID, UNIT_INVALID. */
export async function unitEntries(
  { units = {}, gettys }: { readonly units?: Readonly<Record<string, UnitStub>>; readonly gettys?: boolean },
  origin: string,
  site: UnitSite,
): Promise<{ entries: TreeEntry[]; warnings: Warning[] }> {
  const entries: TreeEntry[] = []
  const warnings: Warning[] = []
  const texts = new UnitTexts()
  const paths = new Map<string, string>()
  const add = (folder: string, file: string, contents: string | Uint8Array, from: string) => {
    texts.set(file, utf8Text(contents))
    paths.set(file, `${folder}/${file}`)
    const path = encodeText(`${folder}/${file}`.slice(1))
    entries.push({ type: 'file', path, mode: 0o644, contents: utf8Bytes(contents), origin: from })
  }
  const addLink = (folder: string, { path, target }: UnitLink, from: string) => {
    const place = encodeText(`${folder}/${path}`.slice(1))
    entries.push({ type: 'symlink', path: place, target: encodeText(target), origin: from })
  }
  const declared = Object.keys(units).filter(name => units[name].text !== undefined || units[name].mask)
  const logins = gettys === false ? undefined : await planLogins(site, new Set(declared), gettys === true)
  // If one of them is at the path of another entry, the error says how to be rid of it.
  const loginsOrigin = `the logins of ${origin} (none with gettys: false)`
  for (const { folder, file, text } of logins?.files ?? []) add(folder, file, text, loginsOrigin)
  for (const link of logins?.links ?? []) addLink(site.unitFolder, link, loginsOrigin)
  warnings.push(...(logins?.warnings ?? []))
  const firstBoot = await site.findUnit(FIRST_BOOT)
  if (units[FIRST_BOOT] === undefined && firstBoot?.text && !firstBoot.isOwn) {
    addLink(site.overridingFolder, maskLink(FIRST_BOOT), origin)
  }
  for (const [name, { text, mask, dropIns = {}, origin: from = origin }] of Object.entries(units)) {
    checkUnitName(name)
    const isThere = (await site.findUnit(name)) !== undefined
    if (mask) addLink(site.overridingFolder, maskLink(name), from)
    if (text !== undefined) add(isThere ? site.overridingFolder : site.unitFolder, name, text, from)
    for (const [file, change] of Object.entries(dropIns)) {
      checkFileName(file, '.conf')
      await checkDropIn(name, file, site, from)
      add(site.unitFolder, `${name}.d/${file}`, change, from)
    }
  }
  const enabled = Object.keys(units).filter(name => units[name].enable)
  const enablement = await withOrigin(units, async () => {
    for (const name of enabled) {
      await refuseLost(name, texts, site)
      await findUnits(name, texts, paths, site)
    }
    return enableUnits(texts, enabled, file => paths.get(file)!)
  })
  const isNew = ({ path }: UnitLink) => !logins?.links.some(link => link.path === path)
  for (const link of enablement.links.filter(isNew)) {
    const folder = await folderForLink(link, texts, site)
    if (folder !== undefined) addLink(folder, link, origin)
  }
  const known = { site, added: new Set([...texts.keys(), ...enablement.links.map(({ path }) => path)]) }
  for (const [name, stub] of Object.entries(units)) {
    // Any declaration of that unit keeps it, so a declaration need not do anything else.
    if (name !== FIRST_BOOT) warnings.push(...(await unitWarnings(name, stub, known, stub.origin ?? origin)))
  }
  warnings.push(...(await dependencyWarnings(enablement.links, known)))
  return { entries, warnings: [...warnings, ...(await withoutStarted(enablement.warnings, site))] }
}

/**
 * Throws `SystemdError` STUB_INVALID if a NixOS system has a drop-in of this name for the unit or for its template. systemd reads
 * only the first of them on its search path, so one of the two would be lost: the declared one, or what NixOS changes of
 * the unit. Elsewhere, a file in /etc overrides one of a package on purpose.
 */
async function checkDropIn(name: string, dropIn: string, site: UnitSite, from: string): Promise<void> {
  for (const file of site.isNixos ? filesOf(name) : []) {
    const found = await site.findUnit(`${file}.d/${dropIn}`)
    if (found === undefined || found.isOwn) continue
    const message = `the NixOS system has a drop-in ${dropIn} in ${file}.d, too, and systemd reads only one of them`
    throw new SystemdError('STUB_INVALID', `${from}: ${message}; give this one another name`)
  }
}

/** The folder for a link that enables a unit; `undefined` if the image itself has one that does the same. */
async function folderForLink(
  { path, target }: UnitLink,
  texts: UnitTexts,
  site: UnitSite,
): Promise<string | undefined> {
  const found = await site.findUnit(path)
  // Below a folder, systemd reads only the name of a link.
  if (path.includes('/')) return found?.isOwn ? undefined : site.unitFolder
  if (found === undefined) return site.unitFolder
  const isSame = found.text === texts.get(target.slice(target.lastIndexOf('/') + 1))
  return found.isOwn && isSame ? undefined : site.overridingFolder
}

/** Runs a step, and adds to its errors about a unit where that unit is declared. */
async function withOrigin<T>(units: Readonly<Record<string, UnitStub>>, step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    if (!(error instanceof SystemdError)) throw error
    const name = Object.keys(units).find(unit => error.message.startsWith(unit))
    const origin = name && units[name].origin
    throw origin ? new SystemdError(error.code as SystemdErrorCode, `${origin}: ${error.message}`, error.line) : error
  }
}

/** Throws `SystemdError` UNIT_INVALID for a unit whose file is in a folder that NixOS replaces. */
async function refuseLost(name: string, texts: UnitTexts, site: UnitSite): Promise<void> {
  for (const file of filesOf(name)) {
    if (texts.has(file) || (await site.findUnit(file))) return
    if (!(await site.isLost(file))) continue
    const why = 'its file in /etc/systemd/system is lost, because NixOS replaces that folder by a symlink at each boot'
    throw new SystemdError('UNIT_INVALID', `${name}: ${why}; give its text or file in systemd.units instead`)
  }
}

/** Adds the texts of a unit and of those that it installs, too, as far as the image has them. */
async function findUnits(
  name: string,
  texts: UnitTexts,
  paths: Map<string, string>,
  site: UnitSite,
  seen = new Set<string>(),
): Promise<void> {
  if (seen.has(name)) return
  seen.add(name)
  const files = filesOf(name)
  for (const file of files.some(one => texts.has(one)) ? [] : files) {
    const found = await site.findUnit(file)
    if (found === undefined) continue
    texts.set(file, found.text)
    paths.set(file, found.path)
    break
  }
  for (const also of installReferences(texts, name)) await findUnits(also, texts, paths, site, seen)
}

/** The files that a unit may have: its own, or that of its template. Throws `SystemdError` UNIT_INVALID. */
function filesOf(name: string): string[] {
  return filesOfUnit(parseUnitName(checkUnitName(name))!)
}
