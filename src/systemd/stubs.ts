/** Entries for systemd besides the store paths: small files in /etc, and units. */
import { encodeText, utf8Bytes, utf8Text } from '../bytes/index.ts'
import type { TreeEntry } from '../tree/index.ts'
import type { Warning } from '../warning.ts'
import { checkFileName } from './file-name.ts'
import {
  hostnameText,
  localeText,
  localtimeTarget,
  type MachineIdPolicy,
  machineIdText,
  osReleaseText,
} from './os-files.ts'
import type { UnitSite } from './unit-site.ts'
import type { UnitStub } from './unit-stub.ts'
import { unitEntries } from './unit-stubs.ts'

/** Units, logins and files for systemd. An absent field adds nothing, unless it says otherwise. */
export interface SystemdStubs {
  /** Default: every machine made of the image has its own ID, and a first boot if the system can end one. */
  machineId?: MachineIdPolicy
  hostname?: string
  /** LANG of the system. */
  locale?: string
  /** Lasts only if the settings of systemd-nspawn set `Timezone` to off. */
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

const FIRST_BOOT_ID: MachineIdPolicy = 'uninitialized'

/**
 * The entries of stubs, and what is odd about them. `ownId` is an entry for `/etc/machine-id` besides them: it takes the place
 * of the default. Throws `SystemdError` STUB_INVALID, UNIT_INVALID.
 */
export async function stubEntries(
  stubs: SystemdStubs,
  site: UnitSite,
  ownId?: TreeEntry,
): Promise<{ entries: TreeEntry[]; warnings: Warning[] }> {
  const { origin = 'the systemd stubs', presets, tmpfiles, sysusers } = stubs
  const units = await unitEntries(stubs, origin, site)
  const machineId = await machineIdOf(stubs, origin, site, ownId)
  const entries = [
    ...osEntries({ ...stubs, machineId: machineId.policy }, origin, site.isNixos),
    ...snippetEntries('etc/systemd/system-preset', presets, '.preset', origin),
    ...snippetEntries('etc/tmpfiles.d', tmpfiles, '.conf', origin),
    ...snippetEntries('etc/sysusers.d', sysusers, '.conf', origin),
    ...units.entries,
  ]
  const ignored = await ignoredSysusers(stubs, origin, site)
  return { entries, warnings: [...machineId.warnings, ...ignored, ...units.warnings] }
}

/** A warning if nothing in a NixOS system reads the files in sysusers.d: by default, its activation makes the users. */
async function ignoredSysusers({ sysusers = {} }: SystemdStubs, origin: string, site: UnitSite): Promise<Warning[]> {
  if (!site.isNixos || Object.keys(sysusers).length === 0) return []
  if ((await site.findUnit('systemd-sysusers.service'))?.text) return []
  const message =
    `sysusers (${origin}): the NixOS system has no systemd-sysusers.service, so nothing reads these files; ` +
    'declare users.users in its configuration instead'
  return [{ code: 'STUB_IGNORED', path: '/etc/sysusers.d', message }]
}

/** The policy for the machine ID, and what is odd about it. */
async function machineIdOf(
  { machineId }: SystemdStubs,
  origin: string,
  site: UnitSite,
  ownId: TreeEntry | undefined,
): Promise<{ policy: MachineIdPolicy; warnings: Warning[] }> {
  const isOwn = machineId === undefined && ownId !== undefined
  // No file beside the one that there is.
  const policy = isOwn ? 'missing' : (machineId ?? FIRST_BOOT_ID)
  const hasFirstBoot = isOwn ? isUninitialized(ownId) : policy === FIRST_BOOT_ID || policy === 'missing'
  if (!hasFirstBoot || (await site.endsFirstBoot())) return { policy, warnings: [] }
  if (machineId === undefined && !isOwn) return { policy: 'empty', warnings: [] }
  const why = 'the system has no systemd-machine-id-commit.service'
  const [what, right] = isOwn
    ? [`/etc/machine-id (${ownId.origin})`, 'give it no text']
    : [`machineId (${origin})`, 'use empty']
  const message = `${what}: every boot is a first boot, because ${why}; ${right}`
  return { policy, warnings: [{ code: 'FIRST_BOOT_ENDLESS', path: '/etc/machine-id', message }] }
}

/** Whether an entry for `/etc/machine-id` has the text that makes the next boot a first one. */
function isUninitialized(ownId: TreeEntry): boolean {
  return ownId.type === 'file' && utf8Text(ownId.contents).trim() === FIRST_BOOT_ID
}

function osEntries(
  stubs: SystemdStubs & { machineId: MachineIdPolicy },
  origin: string,
  isNixos: boolean,
): TreeEntry[] {
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
    ...(timezone === undefined ? [] : [link('etc/localtime', localtimeTarget(timezone, isNixos))]),
    ...(resolvConf === 'stub' ? [link('etc/resolv.conf', '../run/systemd/resolve/stub-resolv.conf')] : []),
    ...(resolvConf === 'uplink' ? [link('etc/resolv.conf', '../run/systemd/resolve/resolv.conf')] : []),
  ]
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
