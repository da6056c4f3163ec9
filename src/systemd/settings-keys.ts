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
  readonly kind: kinds.SettingKind<T>
  /** The systemd that was the first to know it; 252 and older ones are not told apart. */
  readonly since?: number
  /**
   * Whether systemd-nspawn passes over it in a file that it does not trust, such as one that `pull-tar` has downloaded
   * (`merge_settings` in systemd's `src/nspawn/nspawn.c`).
   */
  readonly isPrivileged: boolean
}

const free = <T>(kind: kinds.SettingKind<T>, since?: number): SettingKey<T> => ({ kind, since, isPrivileged: false })
const privileged = <T>(kind: kinds.SettingKind<T>, since?: number): SettingKey<T> => ({
  kind,
  since,
  isPrivileged: true,
})

/** All sections with their keys. Of [Network] an untrusted file can set nothing: one key and systemd ignores it whole. */
export const SETTINGS_KEYS = {
  Exec: {
    Boot: free(kinds.strictBoolean),
    Ephemeral: privileged(kinds.boolean),
    ProcessTwo: free(kinds.strictBoolean),
    Parameters: free(kinds.words),
    Environment: free(exec.environment),
    User: free(kinds.text),
    WorkingDirectory: free(kinds.path),
    PivotRoot: free(exec.pivotRoot),
    Capability: privileged(exec.capabilities),
    AmbientCapability: privileged(exec.ambientCapabilities),
    DropCapability: free(exec.capabilities),
    NoNewPrivileges: free(kinds.boolean),
    KillSignal: free(exec.signal),
    Personality: free(exec.personality),
    MachineID: privileged(exec.machineId),
    PrivateUsers: privileged(exec.privateUsers),
    PrivateUsersDelegate: privileged(kinds.wholeNumber(0, 2 ** 31 - 1), 260),
    NotifyReady: free(kinds.boolean),
    // All of it if it allows anything, and none of it if it only forbids.
    SystemCallFilter: privileged(exec.systemCalls),
    RestrictAddressFamilies: free(exec.addressFamilies, 261),
    LimitCPU: privileged(limits.seconds),
    LimitFSIZE: privileged(limits.size),
    LimitDATA: privileged(limits.size),
    LimitSTACK: privileged(limits.size),
    LimitCORE: privileged(limits.size),
    LimitRSS: privileged(limits.size),
    LimitNOFILE: privileged(limits.count),
    LimitAS: privileged(limits.size),
    LimitNPROC: privileged(limits.count),
    LimitMEMLOCK: privileged(limits.size),
    LimitLOCKS: privileged(limits.count),
    LimitSIGPENDING: privileged(limits.count),
    LimitMSGQUEUE: privileged(limits.size),
    LimitNICE: privileged(limits.nice),
    LimitRTPRIO: privileged(limits.count),
    LimitRTTIME: privileged(limits.microseconds),
    OOMScoreAdjust: privileged(exec.oomScore),
    CPUAffinity: privileged(exec.processors),
    Hostname: free(exec.hostName),
    ResolvConf: free(
      kinds.booleanOr(
        ...(['off', 'auto', 'delete', 'copy-host', 'copy-static', 'copy-uplink', 'copy-stub'] as const),
        ...(['replace-host', 'replace-static', 'replace-uplink', 'replace-stub'] as const),
        ...(['bind-host', 'bind-static', 'bind-uplink', 'bind-stub'] as const),
      ),
    ),
    Timezone: free(kinds.booleanOr('off', 'auto', 'copy', 'bind', 'symlink', 'delete')),
    LinkJournal: privileged(kinds.booleanOr('no', 'auto', 'host', 'try-host', 'guest', 'try-guest')),
    SuppressSync: free(kinds.boolean),
  },
  Files: {
    ReadOnly: free(kinds.boolean),
    Volatile: free(kinds.booleanOr('state', 'overlay')),
    Bind: privileged(files.binds),
    BindReadOnly: privileged(files.binds),
    TemporaryFileSystem: privileged(files.mounts),
    Inaccessible: privileged(files.paths),
    Overlay: privileged(files.overlays),
    OverlayReadOnly: privileged(files.overlays),
    PrivateUsersChown: privileged(kinds.strictBoolean),
    PrivateUsersOwnership: privileged(kinds.booleanOr('off', 'chown', 'map', 'auto', 'foreign')),
    BindUser: privileged(files.users),
    BindUserShell: privileged(files.booleanOrPath, 258),
  },
  Network: {
    Private: privileged(kinds.boolean),
    NamespacePath: privileged(kinds.path, 259),
    Interface: privileged(network.interfaces),
    MACVLAN: privileged(network.interfaces),
    IPVLAN: privileged(network.interfaces),
    VirtualEthernet: privileged(kinds.boolean),
    VirtualEthernetExtra: privileged(network.linkPairs),
    Bridge: privileged(network.interfaceName),
    Zone: privileged(network.zone),
    Port: privileged(network.ports),
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
