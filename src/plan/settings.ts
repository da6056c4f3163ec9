import { isTextOrBytes } from '../arguments.ts'
import { utf8Bytes } from '../bytes/index.ts'
import { settingsFileOf } from '../image-files.ts'
import {
  checkSettings,
  formatSettings,
  ignoredWhenUntrusted,
  machineNameOf,
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

/** Whether a settings file gives the machine the network of its host; `machinectl start` gives it one of its own. */
export function sharesNetwork(settings: Uint8Array | undefined): boolean {
  const { Network = {} } = settings ? parseSettings(new TextDecoder().decode(settings)).settings : {}
  return Network.VirtualEthernet === false && !Network.Private
}

/** Warnings about settings of an image that systemd-nspawn may not follow. */
export function settingsWarnings(settings: Uint8Array | undefined, name: string): Warning[] {
  if (settings === undefined) return []
  const text = new TextDecoder().decode(settings)
  const problems = settingsTextProblems(text)
  const ignored = problems.length > 0 ? [] : ignoredWhenUntrusted(text)
  const file = settingsFileOf(name)
  const warning = (message: string): Warning => ({ code: 'SETTINGS_IGNORED', path: file, message })
  if (ignored.length === 0) return problems.map(warning)
  const keys = ignored.map(({ section, key }) => `[${section}] ${key}`).join(', ')
  return [
    warning(
      `${file}: systemd-nspawn passes over ${keys} in a file that pull-tar has downloaded; for them to count, install it as ` +
        `${TRUSTED_SETTINGS_FOLDER}/${settingsFileOf(machineNameOf(name))} on the machine that imports`,
    ),
  ]
}
