/** What the toplevel of a NixOS system looks like: which of its parts a release has, and with which options. */

const RELEASES = ['24.05', '24.11', '25.05', '25.11', '26.05', '26.11'] as const

export type Release = (typeof RELEASES)[number]

/** A configuration. Options have the defaults of its release. */
export interface NixosConfiguration {
  /** Its host name. */
  readonly name: string
  readonly release: Release
  /** `boot.isContainer`, `boot.isNspawnContainer`: the second implies the first. */
  readonly container?: 'isContainer' | 'isNspawnContainer'
  /** `boot.initrd.systemd.enable` */
  readonly systemdInitrd?: boolean
  /** `system.nixos-init.enable` */
  readonly nixosInit?: boolean
  /** `system.etc.overlay.enable` */
  readonly etcOverlay?: boolean
  /** `console.enable` */
  readonly console?: boolean
  /** `systemd.services.console-getty.enable` */
  readonly consoleGetty?: boolean
  /** `users.mutableUsers`: shadow has the login then, else util-linux. */
  readonly mutableUsers?: boolean
  /** Whether util-linux and the login are in `environment.corePackages`. */
  readonly loginPrograms?: boolean
  /** `boot.extraSystemdUnitPaths` */
  readonly unitPaths?: readonly string[]
  /** What loads `/nix-path-registration`: `boot.postBootCommands`, or a unit. */
  readonly registration?: 'postBootCommands' | 'unit' | 'none'
  /** `nix.settings.sandbox` */
  readonly sandbox?: boolean
  /** `networking.useHostResolvConf` */
  readonly useHostResolvConf?: boolean
}

/** What systems.nix makes of it. */
export interface Layout {
  readonly name: string
  readonly release: Release
  readonly label: string
  /** Whether there is what the boot loader of a machine needs. */
  readonly host: boolean
  readonly init: 'script' | 'elf'
  readonly prepareRoot: boolean
  readonly nixosInit: boolean
  readonly etcOverlayLinks: boolean
  readonly gettys: boolean
  readonly consoleGetty: boolean
  readonly issueFile: boolean
  readonly login: 'shadow' | 'util-linux'
  readonly loginPrograms: boolean
  readonly machineIdCommit: boolean
  readonly touchMachineId: boolean
  readonly perlSwitch: boolean
  readonly switchInhibitors: boolean
  readonly unitPaths: readonly string[]
  readonly registration: 'postBootCommands' | 'unit' | 'none'
  readonly sandbox: 'true' | 'false'
  readonly useHostResolvConf: boolean
  /** Shell commands that make the store read-only. */
  readonly remountStore: string
  readonly mounts: readonly Mount[]
  readonly rootPassword: string
}

interface Mount {
  readonly device: string
  readonly place: string
  readonly options: string
  readonly type: string
}

/** The password of root in every system, and its hash in /etc/shadow (`users.users.root.initialHashedPassword`). */
export const ROOT_PASSWORD = 'a horse that is correct'
const ROOT_PASSWORD_HASH =
  '$6$nspawnrootfs$nBRzkgBTsJohK/ZaY0H9d6bEuCBdYF41MYnUt1hBcrTS/IK4Kci1UVb7h65BpMpFltEkWbv1nS0cfYqy.maL9/'

/** The layout of a configuration. */
export function layoutOf(configuration: NixosConfiguration): Layout {
  const { name, release, container } = configuration
  const since = (first: Release) => RELEASES.indexOf(release) >= RELEASES.indexOf(first)
  const isContainer = container !== undefined
  const systemdInitrd = configuration.systemdInitrd ?? (since('26.05') && !isContainer)
  const nixosInit = configuration.nixosInit ?? false
  // Containers keep the script from 25.11 on.
  const initIsSystemd = nixosInit || (systemdInitrd && !(isContainer && since('25.11')))
  const console = configuration.console ?? !isContainer
  return {
    name,
    release,
    label: `${release}.20260801.abcdef0`,
    host: !isContainer,
    init: initIsSystemd ? 'elf' : 'script',
    prepareRoot: initIsSystemd && !nixosInit,
    nixosInit,
    etcOverlayLinks: (configuration.etcOverlay ?? false) && !nixosInit,
    // Three releases have them only with a console.
    gettys: console || !since('25.05') || since('26.11'),
    consoleGetty: configuration.consoleGetty ?? isContainer,
    issueFile: since('26.11'),
    login: (configuration.mutableUsers ?? true) ? 'shadow' : 'util-linux',
    loginPrograms: configuration.loginPrograms ?? true,
    machineIdCommit: since('24.11'),
    touchMachineId: !since('24.11'),
    perlSwitch: !since('24.11'),
    switchInhibitors: since('26.11'),
    unitPaths: configuration.unitPaths ?? [],
    registration: configuration.registration ?? 'none',
    sandbox: `${configuration.sandbox ?? true}`,
    useHostResolvConf: configuration.useHostResolvConf ?? isContainer,
    remountStore: since('25.11') ? REMOUNT_WITH_OPTIONS : REMOUNT_READ_ONLY,
    mounts: mountsOf(container),
    rootPassword: ROOT_PASSWORD_HASH,
  }
}

/** `boot.readOnlyNixStore`, and what took its place. */
const REMOUNT_READ_ONLY = `if [ -n "1" ]; then
  if [ -z "$container" ]; then mount --bind /nix/store /nix/store; else mount --rbind /nix/store /nix/store; fi
  mount -o remount,ro,bind /nix/store
fi`
const REMOUNT_WITH_OPTIONS = REMOUNT_READ_ONLY.replace('ro,bind', 'ro,nodev,nosuid,bind')

/** `boot.specialFileSystems` */
function mountsOf(container: NixosConfiguration['container']): Mount[] {
  const mounts = [{ device: 'ramfs', place: '/run/keys', options: 'nosuid,nodev,mode=750', type: 'ramfs' }]
  if (container === 'isNspawnContainer') return mounts
  mounts.unshift(
    { device: 'proc', place: '/proc', options: 'nosuid,noexec,nodev', type: 'proc' },
    { device: 'tmpfs', place: '/run', options: 'nosuid,nodev,strictatime,mode=755,size=25%', type: 'tmpfs' },
    { device: 'devtmpfs', place: '/dev', options: 'nosuid,strictatime,mode=755,size=5%', type: 'devtmpfs' },
    { device: 'tmpfs', place: '/dev/shm', options: 'nosuid,nodev,strictatime,mode=1777,size=50%', type: 'tmpfs' },
    { device: 'devpts', place: '/dev/pts', options: 'nosuid,noexec,mode=620,ptmxmode=0666,gid=3', type: 'devpts' },
  )
  if (container === undefined) {
    mounts.push({ device: 'sysfs', place: '/sys', options: 'nosuid,noexec,nodev', type: 'sysfs' })
  }
  return mounts
}
