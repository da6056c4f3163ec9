/** The kinds of values of [Exec], but for resource limits. */
import { isNumber, type List, matches, type SettingKind, wholeNumber } from './setting-kinds.ts'

/** `UID[:COUNT]`; 0 and 1 alone are no and yes (`userns_shift_range_valid` in systemd's `src/nspawn/nspawn-util.c`). */
function isUserRange(text: string): boolean {
  const [first, count = '65536', ...more] = text.split(':')
  const isUid = isNumber(text.includes(':') ? 0 : 2, 2 ** 32 - 2)(first) && first !== '65535'
  return isUid && isNumber(1, 2 ** 32 - 1 - Number(first))(count) && more.length === 0
}

/** Numbers and ranges with commas between; one that is wrong makes systemd-nspawn drop the rest of the file. */
function isProcessors(text: string): boolean {
  return text
    .replace(/,$/, '')
    .split(',')
    .every(range => {
      const [first, last = first, ...more] = range.split('-')
      return isNumber(0, 8191)(first) && isNumber(Number(first), 8191)(last) && more.length === 0
    })
}

export const environment: SettingKind<List<string>> = {
  right: 'NAME=VALUE',
  types: ['string'],
  several: 'lines',
  isQuoted: true,
  isResettable: true,
  fits: matches(/^[A-Za-z_]\w*=/),
}

const CAPABILITIES =
  `CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
  NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN
  SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE
  MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE`.split(/\s+/)

const isCapability = (text: string) => /^CAP_/.test(text) && CAPABILITIES.includes(text.slice(4))

export const capabilities: SettingKind<List<string>> = {
  right: 'names of capabilities, such as CAP_NET_ADMIN, or all',
  types: ['string'],
  several: 'words',
  fits: text => text === 'all' || isCapability(text),
}

export const ambientCapabilities: SettingKind<List<string>> = {
  right: 'names of capabilities, such as CAP_NET_ADMIN',
  types: ['string'],
  several: 'words',
  fits: isCapability,
}

export const systemCalls: SettingKind<List<string>> = {
  right: 'names of system calls or groups of them, such as @keyring; a ~ in front of the first forbids them',
  types: ['string'],
  several: 'lines',
  fits: matches(/^~?@?[a-z_][\w-]*([ \t]+@?[a-z_][\w-]*)*$/),
}

const ADDRESS_FAMILIES =
  `ALG APPLETALK ASH ATMPVC ATMSVC AX25 BLUETOOTH BRIDGE CAIF CAN ECONET FILE IB IEEE802154 INET INET6 IPX IRDA
  ISDN IUCV KCM KEY LLC LOCAL MCTP MPLS NETBEUI NETLINK NETROM NFC PACKET PHONET PPPOX QIPCRTR RDS ROSE ROUTE
  RXRPC SECURITY SMC SNA TIPC UNIX VSOCK WANPIPE X25 XDP`.split(/\s+/)

const isAddressFamily = (text: string) => /^AF_/.test(text) && ADDRESS_FAMILIES.includes(text.slice(3))

export const addressFamilies: SettingKind<List<string>> = {
  right: 'none, or names of address families, such as AF_INET; a ~ in front of the first forbids them',
  types: ['string'],
  several: 'lines',
  isResettable: true,
  fits: text =>
    text === 'none' ||
    text
      .replace(/^~/, '')
      .split(/[ \t]+/)
      .every(isAddressFamily),
}

const SIGNALS =
  `HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG
  XCPU XFSZ VTALRM PROF WINCH IO PWR SYS`.split(/\s+/)

export const signal: SettingKind<string | number> = {
  right: 'a signal, such as SIGTERM, SIGRTMIN+3 or 15',
  types: ['string', 'number'],
  fits: text => {
    const name = text.replace(/^SIG/, '')
    return SIGNALS.includes(name) || /^RTM(IN|AX|(IN\+|AX-)([12]?\d|30))$/.test(name) || isNumber(1, 64)(text)
  },
}

export const personality: SettingKind<'x86-64' | 'x86' | 'arm64' | 'arm'> = {
  right: 'one of x86-64, x86, arm64, arm',
  types: ['string'],
  isResettable: true,
  values: ['x86-64', 'x86', 'arm64', 'arm'],
}

export const machineId: SettingKind<string> = {
  right: '32 hex digits that are not all 0',
  types: ['string'],
  fits: text => /^([\da-f]{32}|[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12})$/i.test(text) && !/^[0-]+$/.test(text),
}

export const privateUsers: SettingKind<boolean | string | number> = {
  right: 'true, false, pick, identity, managed (systemd 258), or UID[:COUNT]',
  types: ['boolean', 'string', 'number'],
  fits: text => ['pick', 'identity', 'managed'].includes(text) || isUserRange(text),
}

/** As systemd takes it for the name of a machine, with parts of up to 63 characters. */
export const hostName: SettingKind<string> = {
  right: 'a host name of up to 64 letters, digits, "-" and "."',
  types: ['string'],
  isResettable: true,
  fits: text => text.length <= 64 && text.split('.').every(matches(/^[A-Za-z\d]([A-Za-z\d-]{0,61}[A-Za-z\d])?$/)),
}

export const oomScore: SettingKind<number> = { ...wholeNumber(-1000, 1000), isResettable: true }

export const processors: SettingKind<List<string | number>> = {
  right: 'numbers of processors, such as 0 or 2-4',
  types: ['number', 'string'],
  several: 'words',
  isResettable: true,
  fits: isProcessors,
}

export const pivotRoot: SettingKind<string> = {
  right: 'an absolute path without .., // and backslashes, or NEW:OLD of two',
  types: ['string'],
  fits: text =>
    text.split(':').length <= 2 && text.split(':').every(matches(/^\/$|^(\/(?!\.{1,2}(\/|$))[^/\\]+)+\/?$/)),
}
