import fc from 'fast-check'
import { type NspawnSettings, SETTINGS_KEYS } from '../../../src/systemd/index.ts'

/** Settings with all keys that systemd 252 knows, each with a value of every form that it has. */
export const ALL_SETTINGS: NspawnSettings = {
  Exec: {
    Boot: false,
    Ephemeral: false,
    ProcessTwo: true,
    Parameters: ['/bin/sh', '-c', 'echo "two  words" \\n', '', `it's "both"`, ' space ', 'end\\'],
    Environment: ['A=b', 'C=d e', "D='"],
    User: 'root',
    WorkingDirectory: '/tmp',
    PivotRoot: '/new:/old',
    Capability: ['CAP_NET_ADMIN', 'CAP_SYS_ADMIN'],
    AmbientCapability: 'CAP_NET_ADMIN CAP_SYS_ADMIN',
    DropCapability: 'all',
    NoNewPrivileges: true,
    KillSignal: 'SIGRTMIN+3',
    Personality: process.arch === 'arm64' ? 'arm64' : 'x86-64',
    MachineID: '0123456789abcdef0123456789abcdef',
    PrivateUsers: 'pick',
    NotifyReady: true,
    SystemCallFilter: ['@keyring bpf', 'mount', '~@clock @cpu-emulation'],
    LimitCPU: '1min 30s:infinity',
    LimitFSIZE: '1G:2G',
    LimitDATA: 'infinity',
    LimitSTACK: '1.5M',
    LimitCORE: 0,
    LimitRSS: 'infinity',
    LimitNOFILE: '1024:4096',
    LimitAS: 'infinity',
    LimitNPROC: 1000,
    LimitMEMLOCK: '64K',
    LimitLOCKS: 'infinity',
    LimitSIGPENDING: 100,
    LimitMSGQUEUE: 819200,
    LimitNICE: '+5:-5',
    LimitRTPRIO: 0,
    LimitRTTIME: '100ms',
    OOMScoreAdjust: -100,
    CPUAffinity: [0, '1-2,4,', '5'],
    Hostname: 'web.example',
    ResolvConf: 'copy-host',
    Timezone: 'off',
    LinkJournal: 'try-guest',
    SuppressSync: false,
  },
  Files: {
    ReadOnly: false,
    Volatile: 'overlay',
    Bind: ['/srv', '/srv:/data', '+/a:/b:rbind,noidmap', ':/scratch', '/a\\:b:/c', '+/x'],
    BindReadOnly: '/usr/share/zoneinfo:/zoneinfo:norbind',
    TemporaryFileSystem: ['/var', '/var/tmp:size=10M,mpol=bind:0'],
    Inaccessible: '/boot',
    Overlay: ['/lower:/upper:/merged', '+/etc::/etc', '/a:+/b', '/a:/b:/c:/d'],
    OverlayReadOnly: '/a:/b:/merged',
    PrivateUsersOwnership: 'auto',
    BindUser: ['nobody'],
  },
  Network: {
    Private: true,
    Interface: 'eth7',
    MACVLAN: ['eth7', 'eth8'],
    IPVLAN: 'eth9',
    VirtualEthernet: true,
    VirtualEthernetExtra: ['ve-host:guest', 've-b'],
    Bridge: 'br0',
    Port: [80, '8080:80', 'udp:53:5353'],
  },
}

/** Settings with the keys of newer versions, and what does not go with those above: another name, and another network. */
export const OTHER_SETTINGS: NspawnSettings = {
  Exec: { PrivateUsersDelegate: 1, RestrictAddressFamilies: ['AF_INET AF_UNIX', '~AF_UNIX'] },
  Files: { PrivateUsersChown: true, BindUserShell: '/bin/sh' },
  Network: { NamespacePath: '/run/netns/web', Zone: 'web' },
}

const READ_ONLY = [{ ReadOnly: true }, { Volatile: true }, { Volatile: 'state' }, { Volatile: 'overlay' }] as const
const CHOWNING = [{ PrivateUsersOwnership: 'chown' }, { PrivateUsersChown: true }] as const

/** Settings with which no systemd-nspawn boots a machine, though each by itself is right. */
export const CLASHING_SETTINGS: readonly NspawnSettings[] = [
  { Exec: { AmbientCapability: 'CAP_NET_ADMIN' } },
  { Exec: { AmbientCapability: 'CAP_NET_ADMIN', Boot: true } },
  ...(['host', 'guest'] as const).map(LinkJournal => ({ Exec: { Ephemeral: true, LinkJournal } })),
  { Network: { Bridge: 'br0', Zone: 'web' } },
  { Network: { Port: 80, Private: false } },
  { Network: { Port: 80, VirtualEthernet: false } },
  ...READ_ONLY.flatMap(tree =>
    CHOWNING.flatMap(owners => [
      { Files: { ...tree, ...owners } },
      { Exec: { PrivateUsers: true }, Files: { ...tree, ...owners } },
    ]),
  ),
]

/** Settings that only look as if they clashed. */
export const FITTING_SETTINGS: readonly NspawnSettings[] = [
  { Exec: { AmbientCapability: 'CAP_NET_ADMIN', Boot: false } },
  { Exec: { AmbientCapability: 'CAP_NET_ADMIN', ProcessTwo: true } },
  ...([false, 'auto', 'try-host', 'try-guest'] as const).map(LinkJournal => ({
    Exec: { Ephemeral: true, LinkJournal },
  })),
  { Network: { Port: 80, VirtualEthernet: false, Private: true } },
  { Network: { Port: 80, VirtualEthernet: false, Zone: 'web' } },
  ...READ_ONLY.flatMap(tree => [
    { Files: tree },
    { Exec: { PrivateUsers: true }, Files: tree },
    { Exec: { PrivateUsers: 'pick' as const }, Files: { ...tree, PrivateUsersOwnership: 'auto' as const } },
    { Exec: { PrivateUsers: 'pick' as const }, Files: { ...tree, PrivateUsersChown: false } },
  ]),
]

/** Settings of which one value is wrong. */
export const WRONG_SETTINGS: [section: string, key: string, value: string | number][] = [
  ['Exec', 'Boot', 'maybe'],
  ['Exec', 'NotifyReady', '2'],
  ['Exec', 'User', 'a"b'],
  ['Exec', 'User', 'a\\b'],
  ['Exec', 'WorkingDirectory', 'tmp'],
  ['Exec', 'WorkingDirectory', '/a/../b'],
  ['Exec', 'WorkingDirectory', '/..'],
  ['Exec', 'PivotRoot', 'new'],
  ['Exec', 'Capability', 'CAP_FLY'],
  ['Exec', 'DropCapability', 'NET_ADMIN'],
  ['Exec', 'KillSignal', 'SIGNOTHING'],
  ['Exec', 'KillSignal', 'SIGRTMIN+31'],
  ['Exec', 'KillSignal', 'SIGRTMIN+'],
  ['Exec', 'KillSignal', '65'],
  ['Exec', 'Personality', 'z80'],
  ['Exec', 'MachineID', 'xyz'],
  ['Exec', 'MachineID', '0123456789ab-cdef0123456789abcdef'],
  ['Exec', 'MachineID', '00000000000000000000000000000000'],
  ['Exec', 'PrivateUsers', 'some'],
  ['Exec', 'PrivateUsers', '65535'],
  ['Exec', 'PrivateUsers', '65536:0'],
  ['Exec', 'PrivateUsers', '4294901760:65536'],
  ['Exec', 'PrivateUsers', '07'],
  ['Exec', 'RestrictAddressFamilies', 'AF_NONE'],
  ['Exec', 'RestrictAddressFamilies', 'none AF_INET'],
  ['Exec', 'RestrictAddressFamilies', 'AF_INET ~AF_UNIX'],
  ['Exec', 'LimitNOFILE', 'many'],
  ['Exec', 'LimitNOFILE', '1G'],
  ['Exec', 'LimitNOFILE', '08'],
  ['Exec', 'LimitNOFILE', '1024:'],
  ['Exec', 'LimitNOFILE', '18446744073709551615'],
  ['Exec', 'LimitCPU', '1G'],
  ['Exec', 'LimitCPU', '2:1'],
  ['Exec', 'LimitCPU', 'infinity:1'],
  ['Exec', 'LimitCPU', '1hours5x'],
  ['Exec', 'LimitCPU', '1 decade'],
  ['Exec', 'LimitFSIZE', '64KB'],
  ['Exec', 'LimitFSIZE', '1K1M'],
  ['Exec', 'LimitFSIZE', '1M1M'],
  ['Exec', 'LimitFSIZE', '1k'],
  ['Exec', 'LimitFSIZE', '16E'],
  ['Exec', 'LimitFSIZE', '1:2:3'],
  ['Exec', 'LimitNICE', 'infinity'],
  ['Exec', 'LimitNICE', '+20'],
  ['Exec', 'LimitNICE', '41'],
  ['Exec', 'LimitNICE', '-5:+5'],
  ['Exec', 'LimitRTPRIO', '1K'],
  ['Exec', 'OOMScoreAdjust', 1001],
  ['Exec', 'CPUAffinity', 'all'],
  ['Exec', 'CPUAffinity', '4-2'],
  ['Exec', 'CPUAffinity', '8192'],
  ['Exec', 'CPUAffinity', '1-'],
  ['Exec', 'PivotRoot', '/a:/b//c'],
  ['Exec', 'PivotRoot', '/a/../b'],
  ['Exec', 'Hostname', 'a_b'],
  ['Exec', 'Hostname', 'a.'],
  ['Exec', 'Hostname', '-a'],
  ['Exec', 'ResolvConf', 'link'],
  ['Exec', 'Timezone', 'Europe/Berlin'],
  ['Exec', 'LinkJournal', 'both'],
  ['Files', 'ReadOnly', 2],
  ['Files', 'Volatile', 'partly'],
  ['Files', 'Bind', '/srv:data'],
  ['Files', 'Bind', '-/srv'],
  ['Files', 'Bind', '/a:+/b'],
  ['Files', 'Bind', '+a:/b'],
  ['Files', 'Bind', '"/a b"'],
  ['Files', 'BindReadOnly', '/a:b'],
  ['Files', 'TemporaryFileSystem', 'var'],
  ['Files', 'Inaccessible', 'boot'],
  ['Files', 'Inaccessible', '+/a'],
  ['Files', 'Overlay', '/a'],
  ['Files', 'Overlay', ':/a'],
  ['Files', 'Overlay', '/a::/b:/c'],
  ['Files', 'Overlay', '/a:/b:+/c'],
  ['Files', 'PrivateUsersChown', 'auto'],
  ['Files', 'PrivateUsersOwnership', 'mine'],
  ['Files', 'BindUser', 'a.b'],
  ['Files', 'BindUser', '1a'],
  ['Network', 'Private', 'sometimes'],
  ['Network', 'VirtualEthernetExtra', 'a:b:c'],
  ['Network', 'VirtualEthernetExtra', ':a'],
  ['Network', 'Bridge', 'a-name-that-is-too-long'],
  ['Network', 'Bridge', 'br%0'],
  ['Network', 'Bridge', 'bär'],
  ['Network', 'Bridge', '1'],
  ['Network', 'Bridge', '0x1'],
  ['Network', 'Zone', 'a-zone-too-long'],
  ['Network', 'Port', 'sctp:80'],
  ['Network', 'Port', 70000],
  ['Network', 'Port', '080'],
  ['Network', 'Port', 0],
  ['Network', 'Port', 'tcp:1:2:3'],
]

const KEYS = Object.entries(SETTINGS_KEYS).flatMap(([section, keys]) =>
  Object.keys(keys).map(key => ({ section, key })),
)

/** Values as they stand in files, right and wrong ones, by key. */
function examplesOf(section: string, key: string): string[] {
  const right = [ALL_SETTINGS, OTHER_SETTINGS].flatMap(settings => {
    const keys: Record<string, unknown> = settings[section as keyof NspawnSettings] ?? {}
    return [keys[key] ?? []].flat().map(value => (typeof value === 'boolean' ? 'yes' : String(value)))
  })
  const wrong = WRONG_SETTINGS.flatMap(([, name, value]) => (name === key ? [String(value)] : []))
  return [...right, ...wrong, 'no', '']
}

/** Lines `KEY=VALUE` with values that are right, almost right, or wrong. None goes on in the next line. */
export const anyAssignment = fc.constantFrom(...KEYS).chain(({ section, key }) => {
  const character = fc.constantFrom(...`:,/\\"' ~+-._@%=0159afKMGsx`)
  return fc
    .tuple(fc.constantFrom(...examplesOf(section, key)), fc.nat(), fc.nat(2), fc.array(character, { maxLength: 2 }))
    .map(([value, at, cut, added]) => {
      const start = at % (value.length + 1)
      return { section, key, value: `${value.slice(0, start)}${added.join('')}${value.slice(start + cut)}`.trim() }
    })
    .filter(({ value }) => !value.endsWith('\\'))
})
