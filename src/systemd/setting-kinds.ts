/**
 * The kinds of values that keys of `.nspawn` files have, as systemd 252 to 262 parse them (`config_parse_…` in systemd's
 * `src/nspawn/nspawn-settings.c` and `src/shared/conf-parser.c`).
 */

/** How the values of a key are given and written. `T` is their type in a program. */
export interface SettingKind<T> {
  /** What would be right, for messages: `give …`. */
  readonly right: string
  /** Types that a single value may have. */
  readonly types: readonly ('boolean' | 'number' | 'string')[]
  /** The only texts that there are; besides them whatever `types` has of boolean and number. */
  readonly values?: readonly string[]
  /** Of several values: one line each, or words of one line. */
  readonly several?: 'lines' | 'words'
  /** Whether a text is a value; for those without `values`. */
  readonly fits?: (text: string) => boolean
  /** Never there: carries the type. */
  readonly type?: T
}

type List<T> = T | readonly T[]

const matches = (pattern: RegExp) => (text: string) => pattern.test(text)
const parts = (text: string) => text.split(/(?<!\\):/)
const isPath = matches(/^\//)
const isNumber = (min: number, max: number) => (text: string) =>
  /^-?\d+$/.test(text) && Number(text) >= min && Number(text) <= max

/** A network interface (`ifname_valid` in systemd's `src/basic/socket-util.c`). */
const isInterface = (text: string) =>
  text.length <= 15 && /^[^\s/:%\p{Cc}]+$/u.test(text) && !/^(\.{1,2}|\d+|all|default)$/.test(text)

/** `SOURCE[:DESTINATION[:OPTIONS]]`, where a source may be of the image (`+`), missing (`-`), or a new folder (nothing). */
function isBind(text: string): boolean {
  const [source = '', destination = source, options, ...more] = parts(text)
  return (
    /^(-?\+?\/.*)?$/.test(source) && isPath(destination.replace(/^-?\+?/, '')) && options !== '' && more.length === 0
  )
}

function isPort(text: string): boolean {
  const [protocol, ...ports] = /^(tcp|udp):/.test(text) ? text.split(':') : ['tcp', ...text.split(':')]
  return protocol !== undefined && ports.length >= 1 && ports.length <= 2 && ports.every(isNumber(1, 65535))
}

export const boolean: SettingKind<boolean> = { right: 'true or false', types: ['boolean'] }

export const text: SettingKind<string> = { right: 'one line of text', types: ['string'], fits: matches(/^./) }

export const path: SettingKind<string> = { right: 'an absolute path', types: ['string'], fits: isPath }

/** One of a few words. */
export function word<const W extends string>(...values: W[]): SettingKind<W> {
  return { right: `one of ${values.join(', ')}`, types: ['string'], values }
}

/** A switch that has more to it than on and off. */
export function booleanOr<const W extends string>(...values: W[]): SettingKind<boolean | W> {
  return { right: `true, false, ${values.join(' or ')}`, types: ['boolean', 'string'], values }
}

export const booleanOrPath: SettingKind<boolean | string> = {
  right: 'true, false or an absolute path',
  types: ['boolean', 'string'],
  fits: isPath,
}

export const words: SettingKind<List<string>> = {
  right: 'words, as a list or one text',
  types: ['string'],
  several: 'words',
  fits: matches(/^[^'"]*$|^[^']*$|^[^"]*$/),
}

/** A whole number in a range. */
export function wholeNumber(min: number, max: number): SettingKind<number> {
  return { right: `a whole number from ${min} to ${max}`, types: ['number'], fits: isNumber(min, max) }
}

export const environment: SettingKind<List<string>> = {
  right: 'NAME=VALUE',
  types: ['string'],
  several: 'lines',
  fits: matches(/^[A-Za-z_]\w*=(?:[^'"]*$|[^']*$|[^"]*$)/),
}

export const capabilities: SettingKind<List<string>> = {
  right: 'names of capabilities, such as CAP_NET_ADMIN, or all',
  types: ['string'],
  several: 'words',
  fits: matches(/^(CAP_[A-Z_]+|all)$/),
}

export const ambientCapabilities: SettingKind<List<string>> = {
  ...capabilities,
  right: 'names of capabilities, such as CAP_NET_ADMIN',
  fits: matches(/^CAP_[A-Z_]+$/),
}

export const systemCalls: SettingKind<List<string>> = {
  right: 'names of system calls or groups of them, such as @keyring; a ~ in front of the first forbids them',
  types: ['string'],
  several: 'words',
  fits: matches(/^~?@?[a-z_][a-z0-9_-]*$/),
}

export const addressFamilies: SettingKind<List<string>> = {
  right: 'none, or names of address families, such as AF_INET; a ~ in front of the first forbids them',
  types: ['string'],
  several: 'words',
  fits: matches(/^(~?AF_[A-Z0-9_]+|none)$/),
}

const SIGNALS =
  `HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG
  XCPU XFSZ VTALRM PROF WINCH IO PWR SYS`.split(/\s+/)

export const signal: SettingKind<string | number> = {
  right: 'a signal, such as SIGTERM, SIGRTMIN+3 or 15',
  types: ['string', 'number'],
  fits: text => {
    const name = text.replace(/^SIG/, '')
    return SIGNALS.includes(name) || /^RTM(IN(\+\d{1,2})?|AX(-\d{1,2})?)$/.test(name) || isNumber(1, 64)(text)
  },
}

export const machineId: SettingKind<string> = {
  right: '32 hex digits that are not all 0',
  types: ['string'],
  fits: text => /^[0-9a-fA-F]{32}$/.test(text.replaceAll('-', '')) && !/^[0-]+$/.test(text),
}

export const privateUsers: SettingKind<boolean | string | number> = {
  right: 'true, false, pick, identity, managed (systemd 258), or UID[:COUNT]',
  types: ['boolean', 'string', 'number'],
  fits: matches(/^(pick|identity|managed|\d+(:\d+)?)$/),
}

const LIMIT = /^(infinity|[+-]?\d+(\.\d+)?\s*([KMGTPE]B?|B|us|ms|s|m|min|h|d|w)?)$/

export const limit: SettingKind<string | number> = {
  right: 'a limit, or a soft and a hard one, such as 1024, 1G, 512:1024 or infinity',
  types: ['number', 'string'],
  fits: text => parts(text).length <= 2 && parts(text).every(matches(LIMIT)),
}

export const hostName: SettingKind<string> = {
  right: 'a host name of up to 64 letters, digits, "-" and "."',
  types: ['string'],
  fits: text =>
    text.length <= 64 &&
    /^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/.test(text),
}

export const processors: SettingKind<List<string | number>> = {
  right: 'numbers of processors, such as 0 or 2-4',
  types: ['number', 'string'],
  several: 'words',
  fits: matches(/^\d+(-\d+)?$/),
}

export const pivotRoot: SettingKind<string> = {
  right: 'an absolute path, or NEW:OLD of two',
  types: ['string'],
  fits: text => parts(text).length <= 2 && parts(text).every(isPath),
}

export const binds: SettingKind<List<string>> = {
  right: 'SOURCE, SOURCE:DESTINATION or SOURCE:DESTINATION:OPTIONS of absolute paths',
  types: ['string'],
  several: 'lines',
  fits: isBind,
}

export const mounts: SettingKind<List<string>> = {
  right: 'an absolute path, or PATH:OPTIONS',
  types: ['string'],
  several: 'lines',
  fits: text => isPath(text) && parts(text).length <= 2,
}

export const paths: SettingKind<List<string>> = {
  right: 'an absolute path',
  types: ['string'],
  several: 'lines',
  fits: isPath,
}

export const overlays: SettingKind<List<string>> = {
  right: 'LOWER:…:UPPER:DESTINATION of absolute paths, at least two',
  types: ['string'],
  several: 'lines',
  fits: text => {
    const found = parts(text)
    return found.length >= 2 && isPath(found.at(-1) ?? '') && found.every(matches(/^(\+?\/.*)?$/))
  },
}

export const users: SettingKind<List<string>> = {
  right: 'names of users of the host',
  types: ['string'],
  several: 'words',
  fits: matches(/^[a-zA-Z_][\w.-]{0,30}$/),
}

export const interfaceName: SettingKind<string> = {
  right: 'the name of a network interface, of up to 15 characters',
  types: ['string'],
  fits: isInterface,
}

export const interfaces: SettingKind<List<string>> = {
  right: 'names of network interfaces; HOST:GUEST renames one (systemd 254)',
  types: ['string'],
  several: 'words',
  fits: text => text.split(':').length <= 2 && text.split(':').every(isInterface),
}

export const linkPairs: SettingKind<List<string>> = { ...interfaces, right: 'HOST or HOST:GUEST', several: 'lines' }

export const zone: SettingKind<string> = {
  right: 'the name of a zone, of up to 12 characters',
  types: ['string'],
  fits: text => isInterface(`vz-${text}`),
}

export const ports: SettingKind<List<string | number>> = {
  right: 'PORT, HOST:GUEST or tcp:HOST:GUEST, with ports from 1 to 65535',
  types: ['string', 'number'],
  several: 'lines',
  fits: isPort,
}
