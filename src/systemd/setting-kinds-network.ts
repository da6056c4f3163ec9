/** The kinds of values of [Network]. */
import { isNumber, type List, type SettingKind } from './setting-kinds.ts'

/**
 * A network interface (`ifname_valid` in systemd's `src/basic/socket-util.c`), which no number is. One with quotes or a
 * backslash would not be read as it stands there.
 */
function isInterface(text: string): boolean {
  const isNumeral = /^[+-]?(\d+|0[box][\da-f]+)$/i.test(text)
  return /^[!-~]{1,15}$/.test(text) && !/[/:%'"\\]/.test(text) && !isNumeral && !/^(\.{1,2}|all|default)$/.test(text)
}

function isPort(text: string): boolean {
  const ports = text.replace(/^(tcp|udp):/, '').split(':')
  return ports.length <= 2 && ports.every(isNumber(1, 65535))
}

export const interfaceName: SettingKind<string> = {
  right: 'the name of a network interface, of up to 15 characters',
  types: ['string'],
  isResettable: true,
  fits: isInterface,
}

export const interfaces: SettingKind<List<string>> = {
  right: 'names of network interfaces; HOST:GUEST renames one (systemd 254)',
  types: ['string'],
  several: 'words',
  isResettable: true,
  fits: text => text.split(':').length <= 2 && text.split(':').every(isInterface),
}

export const linkPairs: SettingKind<List<string>> = {
  right: 'HOST or HOST:GUEST, names of up to 15 characters',
  types: ['string'],
  several: 'lines',
  fits: interfaces.fits,
}

export const zone: SettingKind<string> = {
  right: 'the name of a zone, of up to 12 characters',
  types: ['string'],
  fits: text => text !== '' && isInterface(`vz-${text}`),
}

export const ports: SettingKind<List<string | number>> = {
  right: 'PORT, HOST:GUEST or tcp:HOST:GUEST, with ports from 1 to 65535',
  types: ['string', 'number'],
  several: 'lines',
  fits: isPort,
}
