/**
 * The keys of `.nspawn` files (systemd.nspawn(5); systemd's `src/nspawn/nspawn-gperf.gperf`), in the order in which they are
 * written.
 */
import * as kinds from './setting-kinds.ts'
import * as exec from './setting-kinds-exec.ts'
import * as files from './setting-kinds-files.ts'
import * as limits from './setting-kinds-limits.ts'
import * as network from './setting-kinds-network.ts'

/** A key of a section. */
export interface SettingKey<T> {
  /** Its effect, or that of `true`. */
  readonly meaning: string
  readonly kind: kinds.SettingKind<T>
  /** The systemd that was the first to know it; 252 and older ones are not told apart. */
  readonly since?: number
  /**
   * Whether systemd-nspawn passes over it in a file that it does not trust, such as one that `pull-tar` has downloaded
   * (`merge_settings` in systemd's `src/nspawn/nspawn.c`).
   */
  readonly isPrivileged: boolean
}

const free = <T>(meaning: string, kind: kinds.SettingKind<T>, since?: number): SettingKey<T> => ({
  ...{ meaning, kind, since, isPrivileged: false },
})
const privileged = <T>(meaning: string, kind: kinds.SettingKind<T>, since?: number): SettingKey<T> => ({
  ...{ meaning, kind, since, isPrivileged: true },
})

/** All sections with their keys. Of [Network] an untrusted file can set nothing: one key and systemd ignores it whole. */
export const SETTINGS_KEYS = {
  Exec: {
    Boot: free('Start the init of the image, and not a program', kinds.strictBoolean),
    Ephemeral: privileged('Run a snapshot that is removed at the end', kinds.boolean),
    ProcessTwo: free('Run the program as process 2, below a small init', kinds.strictBoolean),
    Parameters: free('The program and its arguments, or arguments of init', kinds.words),
    Environment: free('Variables of the first process', exec.environment),
    User: free('The user who runs the program', kinds.text),
    WorkingDirectory: free('The folder in which the program starts', kinds.path),
    PivotRoot: free('The folder of the image that becomes the root', exec.pivotRoot),
    Capability: privileged('Capabilities beside the usual ones', exec.capabilities),
    AmbientCapability: privileged('Capabilities that the program has from its start', exec.ambientCapabilities),
    DropCapability: free('Capabilities that are taken away', exec.capabilities),
    NoNewPrivileges: free('Forbid to gain privileges by starting a program', kinds.boolean),
    KillSignal: free('The signal that asks the machine to power off', exec.signal),
    Personality: free('The architecture that uname(2) tells', exec.personality),
    MachineID: privileged('The machine ID', exec.machineId),
    PrivateUsers: privileged('Users of the machine are others on the host', exec.privateUsers),
    PrivateUsersDelegate: privileged(
      'Ranges of users that the machine may give to containers of its own',
      kinds.wholeNumber(0, 2 ** 31 - 1),
      260,
    ),
    NotifyReady: free('The machine has started when its init says so', kinds.boolean),
    // All of it if it allows anything, and none of it if it only forbids.
    SystemCallFilter: privileged('System calls to allow, or to forbid with ~ in front', exec.systemCalls),
    RestrictAddressFamilies: free('Families of network addresses that sockets may have', exec.addressFamilies, 261),
    LimitCPU: privileged('Seconds of CPU time of each process (RLIMIT_CPU)', limits.seconds),
    LimitFSIZE: privileged('Bytes of a file that is written (RLIMIT_FSIZE)', limits.size),
    LimitDATA: privileged('Bytes of data of a process (RLIMIT_DATA)', limits.size),
    LimitSTACK: privileged('Bytes of stack of a process (RLIMIT_STACK)', limits.size),
    LimitCORE: privileged('Bytes of a core dump (RLIMIT_CORE)', limits.size),
    LimitRSS: privileged('Bytes of resident memory, without effect since Linux 2.4.30 (RLIMIT_RSS)', limits.size),
    LimitNOFILE: privileged('Open files of a process (RLIMIT_NOFILE)', limits.count),
    LimitAS: privileged('Bytes of address space of a process (RLIMIT_AS)', limits.size),
    LimitNPROC: privileged('Processes of a user (RLIMIT_NPROC)', limits.count),
    LimitMEMLOCK: privileged('Bytes that a process may lock into memory (RLIMIT_MEMLOCK)', limits.size),
    LimitLOCKS: privileged('Locks of files, without effect since Linux 2.4.25 (RLIMIT_LOCKS)', limits.count),
    LimitSIGPENDING: privileged('Signals that wait for a user (RLIMIT_SIGPENDING)', limits.count),
    LimitMSGQUEUE: privileged('Bytes in message queues of a user (RLIMIT_MSGQUEUE)', limits.size),
    LimitNICE: privileged('How far a process may raise its priority (RLIMIT_NICE)', limits.nice),
    LimitRTPRIO: privileged('The highest real-time priority (RLIMIT_RTPRIO)', limits.count),
    LimitRTTIME: privileged(
      'Time on the CPU without a pause, for real-time processes (RLIMIT_RTTIME)',
      limits.microseconds,
    ),
    OOMScoreAdjust: privileged('How early the machine is killed when memory runs out', exec.oomScore),
    CPUAffinity: privileged('The processors that the machine may use', exec.processors),
    Hostname: free('The host name', exec.hostName),
    ResolvConf: free(
      'What becomes of /etc/resolv.conf',
      kinds.booleanOr(
        ...(['off', 'auto', 'delete', 'copy-host', 'copy-static', 'copy-uplink', 'copy-stub'] as const),
        ...(['replace-host', 'replace-static', 'replace-uplink', 'replace-stub'] as const),
        ...(['bind-host', 'bind-static', 'bind-uplink', 'bind-stub'] as const),
      ),
    ),
    Timezone: free(
      'What becomes of /etc/localtime',
      kinds.booleanOr('off', 'auto', 'copy', 'bind', 'symlink', 'delete'),
    ),
    LinkJournal: privileged(
      "Whether the host sees the machine's journal",
      kinds.booleanOr('no', 'auto', 'host', 'try-host', 'guest', 'try-guest'),
    ),
    SuppressSync: free('Make sync(2) and its like do nothing', kinds.boolean),
  },
  Files: {
    ReadOnly: free('Mount the image read-only', kinds.boolean),
    Volatile: free('What is forgotten when the machine stops', kinds.booleanOr('state', 'overlay')),
    Bind: privileged('Files and folders of the host in the machine', files.binds),
    BindReadOnly: privileged('Files and folders of the host in the machine, read-only', files.binds),
    TemporaryFileSystem: privileged('Folders in memory', files.mounts),
    Inaccessible: privileged('Paths that nobody in the machine can open', files.paths),
    Overlay: privileged('Folders of the host laid over each other; the upper one is written to', files.overlays),
    OverlayReadOnly: privileged('Folders of the host laid over each other, read-only', files.overlays),
    PrivateUsersChown: privileged(
      'Give the files of the image to the users that PrivateUsers makes',
      kinds.strictBoolean,
    ),
    PrivateUsersOwnership: privileged(
      'How files get the owners that PrivateUsers needs',
      kinds.booleanOr('off', 'chown', 'map', 'auto', 'foreign'),
    ),
    BindUser: privileged('Users of the host who can log in, with their home folders', files.users),
    BindUserShell: privileged(
      'Whether users of BindUser keep their shell, or which they get',
      files.booleanOrPath,
      258,
    ),
  },
  Network: {
    Private: privileged('A network of its own, without that of the host', kinds.boolean),
    NamespacePath: privileged('A network namespace to run in', kinds.path, 259),
    Interface: privileged('Network interfaces of the host that move into the machine', network.interfaces),
    MACVLAN: privileged('Interfaces of the host that get a MACVLAN in the machine', network.interfaces),
    IPVLAN: privileged('Interfaces of the host that get an IPVLAN in the machine', network.interfaces),
    VirtualEthernet: privileged('A virtual cable between host and machine', kinds.boolean),
    VirtualEthernetExtra: privileged('More virtual cables', network.linkPairs),
    Bridge: privileged('The bridge of the host that the virtual cable is added to', network.interfaceName),
    Zone: privileged('A bridge that all machines of this zone share', network.zone),
    Port: privileged('Ports of the host that lead to the machine', network.ports),
  },
} as const

type Keys = typeof SETTINGS_KEYS

/** Settings of systemd-nspawn: sections, keys and values. */
export type NspawnSettings = {
  -readonly [S in keyof Keys]?: {
    -readonly [K in keyof Keys[S]]?: Keys[S][K] extends SettingKey<infer T> ? T : never
  }
}

/** A key by its names; `undefined` if there is none. */
export function settingKey(section: string, key: string): SettingKey<unknown> | undefined {
  if (!Object.hasOwn(SETTINGS_KEYS, section)) return undefined
  const keys: Readonly<Record<string, SettingKey<unknown>>> = SETTINGS_KEYS[section as keyof Keys]
  return Object.hasOwn(keys, key) ? keys[key] : undefined
}
