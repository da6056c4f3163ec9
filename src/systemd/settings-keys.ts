/**
 * The keys of `.nspawn` files (systemd.nspawn(5); systemd's `src/nspawn/nspawn-gperf.gperf`), in the order in which they are
 * written.
 */
import * as kinds from './setting-kinds.ts'

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
const limit = privileged(kinds.limit)

/** All sections with their keys. Of [Network] an untrusted file can set nothing: one key and systemd ignores it whole. */
export const SETTINGS_KEYS = {
  Exec: {
    Boot: free(kinds.boolean),
    Ephemeral: privileged(kinds.boolean),
    ProcessTwo: free(kinds.boolean),
    Parameters: free(kinds.words),
    Environment: free(kinds.environment),
    User: free(kinds.text),
    WorkingDirectory: free(kinds.path),
    PivotRoot: free(kinds.pivotRoot),
    Capability: privileged(kinds.capabilities),
    AmbientCapability: privileged(kinds.ambientCapabilities),
    DropCapability: free(kinds.capabilities),
    NoNewPrivileges: free(kinds.boolean),
    KillSignal: free(kinds.signal),
    Personality: free(kinds.word('x86-64', 'x86', 'arm64', 'arm')),
    MachineID: privileged(kinds.machineId),
    PrivateUsers: privileged(kinds.privateUsers),
    PrivateUsersDelegate: privileged(kinds.wholeNumber(0, 2 ** 31 - 1), 260),
    NotifyReady: free(kinds.boolean),
    // What it allows is ignored, what it forbids is not.
    SystemCallFilter: privileged(kinds.systemCalls),
    RestrictAddressFamilies: free(kinds.addressFamilies, 261),
    LimitCPU: limit,
    LimitFSIZE: limit,
    LimitDATA: limit,
    LimitSTACK: limit,
    LimitCORE: limit,
    LimitRSS: limit,
    LimitNOFILE: limit,
    LimitAS: limit,
    LimitNPROC: limit,
    LimitMEMLOCK: limit,
    LimitLOCKS: limit,
    LimitSIGPENDING: limit,
    LimitMSGQUEUE: limit,
    LimitNICE: limit,
    LimitRTPRIO: limit,
    LimitRTTIME: limit,
    OOMScoreAdjust: privileged(kinds.wholeNumber(-1000, 1000)),
    CPUAffinity: privileged(kinds.processors),
    Hostname: free(kinds.hostName),
    ResolvConf: free(
      kinds.word(
        ...(['off', 'auto', 'delete', 'copy-host', 'copy-static', 'copy-uplink', 'copy-stub'] as const),
        ...(['replace-host', 'replace-static', 'replace-uplink', 'replace-stub'] as const),
        ...(['bind-host', 'bind-static', 'bind-uplink', 'bind-stub'] as const),
      ),
    ),
    Timezone: free(kinds.word('off', 'auto', 'copy', 'bind', 'symlink', 'delete')),
    LinkJournal: privileged(kinds.word('no', 'auto', 'host', 'try-host', 'guest', 'try-guest')),
    SuppressSync: free(kinds.boolean),
  },
  Files: {
    ReadOnly: free(kinds.boolean),
    Volatile: free(kinds.booleanOr('state', 'overlay')),
    Bind: privileged(kinds.binds),
    BindReadOnly: privileged(kinds.binds),
    TemporaryFileSystem: privileged(kinds.mounts),
    Inaccessible: privileged(kinds.paths),
    Overlay: privileged(kinds.overlays),
    OverlayReadOnly: privileged(kinds.overlays),
    PrivateUsersChown: privileged(kinds.boolean),
    PrivateUsersOwnership: privileged(kinds.word('off', 'chown', 'map', 'auto', 'foreign')),
    BindUser: privileged(kinds.users),
    BindUserShell: privileged(kinds.booleanOrPath, 258),
  },
  Network: {
    Private: privileged(kinds.boolean),
    NamespacePath: privileged(kinds.path, 259),
    Interface: privileged(kinds.interfaces),
    MACVLAN: privileged(kinds.interfaces),
    IPVLAN: privileged(kinds.interfaces),
    VirtualEthernet: privileged(kinds.boolean),
    VirtualEthernetExtra: privileged(kinds.linkPairs),
    Bridge: privileged(kinds.interfaceName),
    Zone: privileged(kinds.zone),
    Port: privileged(kinds.ports),
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
