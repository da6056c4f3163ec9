/** The small files in /etc that tell systemd which system this is. */

import { SystemdError } from './errors.ts'
import { isHostname } from './image-name.ts'

/**
 * The contents of `/etc/machine-id` before the first boot (machine-id(5)):
 *
 *     uninitialized   the first boot makes an ID and keeps it, and units see that it is the first
 *     missing         the same, where /etc can be written to
 *     empty           the first boot makes an ID and keeps it, but no boot is a first one
 *     32 hex digits   this ID, for every machine that is made of the image
 *
 * Only systemd-machine-id-commit.service ends a first boot: without it every boot is one, but with `empty`.
 */
export type MachineIdPolicy = 'uninitialized' | 'missing' | 'empty' | (string & {})

/** The contents of `/etc/machine-id`, `undefined` where there is to be no file. Throws `SystemdError` STUB_INVALID. */
export function machineIdText(policy: MachineIdPolicy): string | undefined {
  if (policy === 'missing') return undefined
  if (policy === 'empty') return ''
  if (policy === 'uninitialized') return 'uninitialized\n'
  if (/^[0-9a-f]{32}$/.test(policy) && !/^0+$/.test(policy)) return `${policy}\n`
  throw invalid(policy, 'uninitialized, missing, empty, or an ID of 32 lower-case hex digits that are not all 0')
}

/** The contents of `/etc/hostname` (`hostname_is_valid` of systemd). Throws `SystemdError` STUB_INVALID. */
export function hostnameText(hostname: string): string {
  if (isHostname(hostname)) return `${hostname}\n`
  throw invalid(hostname, 'a host name of up to 64 letters, digits, "-" and "."')
}

/** The contents of `/etc/locale.conf` (locale.conf(5)). Throws `SystemdError` STUB_INVALID. */
export function localeText(locale: string): string {
  if (/^[A-Za-z0-9_.@-]{1,128}$/.test(locale)) return `LANG=${locale}\n`
  throw invalid(locale, 'the name of a locale, such as C.UTF-8')
}

/**
 * The target of `/etc/localtime` (localtime(5)). NixOS has no /usr/share/zoneinfo: its modules link to /etc/zoneinfo, and its
 * systemd is patched to read the zone's name from such a link. Throws `SystemdError` STUB_INVALID.
 */
export function localtimeTarget(timezone: string, isNixos = false): string {
  const folder = isNixos ? '/etc/zoneinfo' : '../usr/share/zoneinfo'
  if (/^[A-Za-z0-9][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+)*$/.test(timezone)) return `${folder}/${timezone}`
  throw invalid(timezone, 'the name of a time zone, such as Europe/Berlin')
}

/** The contents of `/etc/os-release` (os-release(5)), in the order of the names. Throws `SystemdError` STUB_INVALID. */
export function osReleaseText(fields: Readonly<Record<string, string>>): string {
  const lines = Object.entries(fields)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => {
      if (!/^[A-Z][A-Z0-9_]*$/.test(name))
        throw invalid(name, 'a field of os-release a name of capital letters, digits and "_"')
      // Control characters would end the line, or act on a reader's terminal.
      if (/\p{Cc}/u.test(value)) throw invalid(value, `${name} of os-release one line of text`)
      return `${name}=${/^[A-Za-z0-9._:/+-]+$/.test(value) ? value : `"${value.replaceAll(/["\\$`]/g, '\\$&')}"`}\n`
    })
  return lines.join('')
}

function invalid(given: string, right: string): SystemdError {
  return new SystemdError('STUB_INVALID', `give ${right}, not ${JSON.stringify(given)}`)
}
