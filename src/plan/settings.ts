import { isTextOrBytes } from '../arguments.ts'
import { utf8Bytes } from '../bytes/index.ts'
import { settingsFileOf } from '../image-files.ts'
import {
  checkSettings,
  formatSettings,
  hasHostNetwork,
  ignoredWhenUntrusted,
  machineNameOf,
  type NspawnSettings,
  parseSettings,
  settingsTextProblems,
  TRUSTED_SETTINGS_FOLDER,
} from '../systemd/index.ts'
import type { Warning } from '../warning.ts'
import type { ImageSpec } from './spec.ts'

/** The settings file of a spec, checked. Throws `SystemdError` SETTINGS_INVALID. */
export function settingsOf({ nspawn }: ImageSpec): Uint8Array | undefined {
  if (nspawn === undefined) return undefined
  return checkSettings(utf8Bytes(isTextOrBytes(nspawn) ? nspawn : formatSettings(nspawn)))
}

/** A warning about a time zone that the machine will not keep: by default, systemd-nspawn writes that of the host over it. */
export function timezoneWarnings({ systemd }: ImageSpec, settings: Uint8Array | undefined): Warning[] {
  const { timezone, origin = 'the systemd stubs' } = systemd ?? {}
  const { Exec = {} } = keysIn(settings)
  if (timezone === undefined || Exec.Timezone === 'off' || Exec.Timezone === false) return []
  const message =
    `timezone (${origin}): systemd-nspawn replaces it by the time zone of the host when the machine starts; ` +
    'to keep it, set Timezone to off in [Exec] of the nspawn settings'
  return [{ code: 'STUB_IGNORED', path: '/etc/localtime', message }]
}

/** Whether a settings file gives the machine the network of its host; `machinectl start` gives it one of its own. */
export function sharesNetwork(settings: Uint8Array | undefined): boolean {
  const { Network = {} } = keysIn(settings)
  return hasHostNetwork(Network)
}

/** Warnings about settings of an image that systemd-nspawn may not follow, or that the image cannot. */
export function settingsWarnings(settings: Uint8Array | undefined, name: string): Warning[] {
  if (settings === undefined) return []
  const text = new TextDecoder().decode(settings)
  const problems = settingsTextProblems(text)
  const ignored = problems.length > 0 ? [] : ignoredWhenUntrusted(text)
  const file = settingsFileOf(name)
  const warning = (code: Warning['code'], message: string): Warning => ({ code, path: file, message })
  const warnings = problems.map(message => warning('SETTINGS_IGNORED', message))
  if (leavesOutStore(settings)) {
    const message = `${file}: with [Files] Volatile=yes the machine has only /usr of the image, and programs lie in /nix; give overlay`
    warnings.push(warning('SETTINGS_UNFIT', message))
  }
  if (ignored.length === 0) return warnings
  const keys = ignored.map(({ section, key }) => `[${section}] ${key}`).join(', ')
  const message =
    `${file}: systemd-nspawn passes over ${keys} in a file that pull-tar has downloaded; for them to count, install it as ` +
    `${TRUSTED_SETTINGS_FOLDER}/${settingsFileOf(machineNameOf(name))} on the machine that imports`
  return [...warnings, warning('SETTINGS_IGNORED', message)]
}

/** A bind or an overlay that puts something at `/nix` or `/nix/store`. */
const ON_STORE = /(?:^|:)[+-]*\/nix(?:\/store)?\/?(?::|$)/

/** Whether a machine has none of the store paths of its image, nor those of its host. */
function leavesOutStore(settings: Uint8Array): boolean {
  const { Volatile, Bind, BindReadOnly, Overlay, OverlayReadOnly } = keysIn(settings).Files ?? {}
  const places = [Bind, BindReadOnly, Overlay, OverlayReadOnly].flat()
  return Volatile === true && !places.some(place => place !== undefined && ON_STORE.test(place))
}

/** The settings in a file, as far as they are right; none without a file. */
function keysIn(settings: Uint8Array | undefined): NspawnSettings {
  return settings ? parseSettings(new TextDecoder().decode(settings)).settings : {}
}
