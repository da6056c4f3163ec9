/**
 * Entries for systemd besides the store paths: small files in /etc, units and the links that enable them.
 *
 * Units lie where nothing else puts any. On a NixOS system `/etc/systemd/system` is a symlink that its activation makes at
 * each boot, and cannot make where there is a directory: the machine would come up without units. See {@link UnitSite}.
 */
import { encodeText, utf8Bytes, utf8Text } from '../bytes/index.ts'
import type { TreeEntry } from '../tree/index.ts'
import type { Warning } from '../warning.ts'
import { enableUnits, installReferences, maskLink, type UnitLink } from './enable.ts'
import { SystemdError, type SystemdErrorCode } from './errors.ts'
import { planLogins } from './logins.ts'
import {
  hostnameText,
  localeText,
  localtimeTarget,
  type MachineIdPolicy,
  machineIdText,
  osReleaseText,
} from './os-files.ts'
import { checkUnitName, filesOfUnit, parseUnitName } from './unit-name.ts'
import type { UnitSite } from './unit-site.ts'
import { UnitTexts } from './unit-texts.ts'

/** A unit: one of the image's own, or one of its store paths that is enabled, masked or changed. */
export interface UnitStub {
  /** The unit file. Absent for a unit of the store paths. */
  text?: string | Uint8Array
  /** Whether it starts at boot, as its `[Install]` section says. Default false. */
  enable?: boolean
  /** Whether it cannot be started at all. Default false. */
  mask?: boolean
  /** Files that change parts of it, by name (`10-limits.conf`). */
  dropIns?: Readonly<Record<string, string | Uint8Array>>
  /** Its origin, for messages. Default: the unit stubs. */
  origin?: string
}

/** Units, logins and files for systemd. An absent field adds nothing, unless it says otherwise. */
export interface SystemdStubs {
  /** Default: every machine made of the image has its own ID, and a first boot if the system can end one. */
  machineId?: MachineIdPolicy
  hostname?: string
  /** LANG of the system. */
  locale?: string
  timezone?: string
  /** A symlink to what systemd-resolved keeps, or an empty file that systemd-nspawn fills. */
  resolvConf?: 'stub' | 'uplink' | 'empty'
  /** Fields of `/etc/os-release`, for an image that is no NixOS system. */
  osRelease?: Readonly<Record<string, string>>
  /**
   * Whether units for logins are added: `console-getty.service`, `container-getty@.service` and `getty.target`. Default:
   * those that are missing or cannot start.
   */
  gettys?: boolean
  /** Units by name. */
  units?: Readonly<Record<string, UnitStub>>
  /** Files of `/etc/systemd/system-preset`, `/etc/tmpfiles.d` and `/etc/sysusers.d` by name. */
  presets?: Readonly<Record<string, string | Uint8Array>>
  tmpfiles?: Readonly<Record<string, string | Uint8Array>>
  sysusers?: Readonly<Record<string, string | Uint8Array>>
  /** The origin of these entries, for messages. Default: the systemd stubs. */
  origin?: string
}

/**
 * Asks at the first boot for locale, time zone and a password, and boots on once somebody has answered. A machine that
 * `machinectl start` starts has nobody at its console: it is masked unless `units` say something of it.
 */
const FIRST_BOOT = 'systemd-firstboot.service'

const FIRST_BOOT_ID: MachineIdPolicy = 'uninitialized'

/** The entries of stubs, and what is odd about them. Throws `SystemdError` STUB_INVALID, UNIT_INVALID. */
export async function stubEntries(
  stubs: SystemdStubs,
  site: UnitSite,
): Promise<{ entries: TreeEntry[]; warnings: Warning[] }> {
  const { origin = 'the systemd stubs', presets, tmpfiles, sysusers } = stubs
  const units = await unitEntries(stubs, origin, site)
  const machineId = await machineIdOf(stubs, origin, site)
  const entries = [
    ...osEntries({ ...stubs, machineId: machineId.policy }, origin),
    ...snippetEntries('etc/systemd/system-preset', presets, '.preset', origin),
    ...snippetEntries('etc/tmpfiles.d', tmpfiles, '.conf', origin),
    ...snippetEntries('etc/sysusers.d', sysusers, '.conf', origin),
    ...units.entries,
  ]
  return { entries, warnings: [...machineId.warnings, ...units.warnings] }
}

/** The policy for the machine ID, and what is odd about it. */
async function machineIdOf(
  { machineId }: SystemdStubs,
  origin: string,
  site: UnitSite,
): Promise<{ policy: MachineIdPolicy; warnings: Warning[] }> {
  const hasFirstBoot = machineId === undefined || machineId === FIRST_BOOT_ID || machineId === 'missing'
  if (!hasFirstBoot || (await site.endsFirstBoot())) return { policy: machineId ?? FIRST_BOOT_ID, warnings: [] }
  if (machineId === undefined) return { policy: 'empty', warnings: [] }
  const why = 'the system has no systemd-machine-id-commit.service'
  const message = `machineId (${origin}): every boot is a first boot, because ${why}; use empty`
  return { policy: machineId, warnings: [{ code: 'FIRST_BOOT_ENDLESS', path: '/etc/machine-id', message }] }
}

function osEntries(stubs: SystemdStubs & { machineId: MachineIdPolicy }, origin: string): TreeEntry[] {
  const { machineId, hostname, locale, timezone, resolvConf, osRelease } = stubs
  const file = (path: string, text: string | undefined, mode = 0o644): TreeEntry[] =>
    text === undefined ? [] : [{ type: 'file', path: encodeText(path), mode, contents: utf8Bytes(text), origin }]
  const link = (path: string, target: string): TreeEntry => ({
    type: 'symlink',
    path: encodeText(path),
    target: encodeText(target),
    origin,
  })
  return [
    ...file('etc/machine-id', machineIdText(machineId), 0o444),
    ...file('etc/hostname', hostname && hostnameText(hostname)),
    ...file('etc/locale.conf', locale && localeText(locale)),
    ...file('etc/os-release', osRelease && osReleaseText(osRelease)),
    ...file('etc/resolv.conf', resolvConf === 'empty' ? '' : undefined),
    ...(timezone === undefined ? [] : [link('etc/localtime', localtimeTarget(timezone))]),
    ...(resolvConf === 'stub' ? [link('etc/resolv.conf', '../run/systemd/resolve/stub-resolv.conf')] : []),
    ...(resolvConf === 'uplink' ? [link('etc/resolv.conf', '../run/systemd/resolve/resolv.conf')] : []),
  ]
}

async function unitEntries({ units = {}, gettys }: SystemdStubs, origin: string, site: UnitSite) {
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
  for (const { folder, file, text } of logins?.files ?? []) add(folder, file, text, origin)
  for (const link of logins?.links ?? []) addLink(site.unitFolder, link, origin)
  warnings.push(...(logins?.warnings ?? []))
  if (units[FIRST_BOOT] === undefined && (await site.findUnit(FIRST_BOOT))?.text) {
    addLink(site.overridingFolder, maskLink(FIRST_BOOT), origin)
  }
  for (const [name, { text, mask, dropIns = {}, origin: from = origin }] of Object.entries(units)) {
    checkUnitName(name)
    const isThere = (await site.findUnit(name)) !== undefined
    if (mask && !isThere) {
      const message = `${name} (${from}): is masked, but there is no such unit in the image`
      warnings.push({ code: 'UNIT_MASKED_MISSING', path: name, message })
    }
    if (mask) addLink(site.overridingFolder, maskLink(name), from)
    if (text !== undefined) add(isThere ? site.overridingFolder : site.unitFolder, name, text, from)
    for (const [file, change] of Object.entries(dropIns)) {
      add(site.unitFolder, `${name}.d/${checkFileName(file, '.conf')}`, change, from)
    }
  }
  const enabled = Object.keys(units).filter(name => units[name].enable)
  for (const name of enabled) await findUnits(name, texts, paths, site)
  const enablement = withOrigin(units, () => enableUnits(texts, enabled, file => paths.get(file)!))
  const isNew = ({ path }: UnitLink) => !logins?.links.some(link => link.path === path)
  for (const link of enablement.links.filter(isNew)) addLink(site.unitFolder, link, origin)
  return { entries, warnings: [...warnings, ...enablement.warnings] }
}

/** Runs a step, and adds to its errors about a unit where that unit is declared. */
function withOrigin<T>(units: Readonly<Record<string, UnitStub>>, step: () => T): T {
  try {
    return step()
  } catch (error) {
    if (!(error instanceof SystemdError)) throw error
    const name = Object.keys(units).find(unit => error.message.startsWith(unit))
    const origin = name && units[name].origin
    throw origin ? new SystemdError(error.code as SystemdErrorCode, `${origin}: ${error.message}`, error.line) : error
  }
}

/** Adds the texts of a unit and of those that it installs, too, as far as the store paths have them. */
async function findUnits(
  name: string,
  texts: UnitTexts,
  paths: Map<string, string>,
  site: UnitSite,
  seen = new Set<string>(),
): Promise<void> {
  if (seen.has(name)) return
  seen.add(name)
  const files = filesOfUnit(parseUnitName(checkUnitName(name))!)
  for (const file of files.some(one => texts.has(one)) ? [] : files) {
    const found = await site.findUnit(file)
    if (found === undefined) continue
    texts.set(file, found.text)
    paths.set(file, found.path)
    break
  }
  for (const also of installReferences(texts, name)) await findUnits(also, texts, paths, site, seen)
}

/** Files of a folder in /etc that systemd reads. */
function snippetEntries(
  folder: string,
  files: Readonly<Record<string, string | Uint8Array>> = {},
  suffix: string,
  origin: string,
): TreeEntry[] {
  return Object.entries(files).map(([name, contents]) => {
    const path = encodeText(`${folder}/${checkFileName(name, suffix)}`)
    return { type: 'file', path, mode: 0o644, contents: utf8Bytes(contents), origin }
  })
}

function checkFileName(name: string, suffix: string): string {
  if (name.endsWith(suffix) && name.length > suffix.length && !/[/\0]/.test(name) && !name.startsWith('.')) return name
  throw new SystemdError('STUB_INVALID', `give the name of a file that ends in ${suffix}, not ${JSON.stringify(name)}`)
}
