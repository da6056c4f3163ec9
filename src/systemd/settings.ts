import { SystemdError } from './errors.ts'

/** Bytes of a settings file that `machinectl pull-tar` downloads at the most (systemd `src/import/pull-common.c`). */
const SETTINGS_MAX = 1024 * 1024

/** Checks that a `.nspawn` settings file can be delivered beside an image. Throws `SystemdError`. */
export function checkSettings(settings: Uint8Array): Uint8Array {
  if (settings.length > SETTINGS_MAX) {
    throw new SystemdError(
      'SETTINGS_INVALID',
      `the settings file has ${settings.length} bytes; machinectl pull-tar downloads ${SETTINGS_MAX} at the most`,
    )
  }
  if (settings.includes(0)) {
    throw new SystemdError(
      'SETTINGS_INVALID',
      'the settings file holds a NUL byte: it must be text (systemd.nspawn(5))',
    )
  }
  return settings
}
