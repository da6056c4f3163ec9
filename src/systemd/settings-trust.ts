/**
 * What systemd-nspawn takes from a settings file that it does not trust, such as the one that `machinectl pull-tar` puts
 * beside an image (`merge_settings` in systemd's `src/nspawn/nspawn.c`).
 */
import { type NspawnSettings, SETTINGS_KEYS, type SettingKey } from './settings-keys.ts'
import { parseSettings } from './settings-text.ts'

/** The folder that an administrator puts settings in, as `NAME.nspawn`, so that systemd-nspawn trusts them. */
export const TRUSTED_SETTINGS_FOLDER = '/etc/systemd/nspawn'

/** A key that untrusted settings files cannot set. The folder of a file decides whether it is trusted. */
export interface Distrust {
  readonly section: string
  readonly key: string
}

/**
 * The keys of settings, or of the text of a file, that systemd-nspawn passes over in a file that it does not trust, in the
 * order of the table. Of `SystemCallFilter` it takes nothing at all if any of it allows something.
 */
export function ignoredWhenUntrusted(settings: string | NspawnSettings): Distrust[] {
  const given: Readonly<Record<string, Readonly<Record<string, unknown>>>> =
    typeof settings === 'string' ? parseSettings(settings).settings : settings
  return Object.entries(SETTINGS_KEYS).flatMap(([section, keys]) =>
    Object.entries<SettingKey<unknown>>(keys).flatMap(([key, { isPrivileged }]) => {
      const values = [given[section]?.[key] ?? []].flat()
      const isHarmless = key === 'SystemCallFilter' && values.every(value => String(value).startsWith('~'))
      return isPrivileged && values.length > 0 && !isHarmless ? [{ section, key }] : []
    }),
  )
}
