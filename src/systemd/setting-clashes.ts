/**
 * Settings with which systemd-nspawn does not start, though each of them is right (`verify_arguments` in systemd's
 * `src/nspawn/nspawn.c`), on top of the options of `systemd-nspawn@.service`: `--boot --network-veth -U`.
 */
import { isObject } from '../is-object.ts'

/** A setting that goes against others. */
export interface SettingClash {
  readonly path: readonly [section: string, key: string]
  readonly message: string
}

/** Keys of a section, with values that may be of any kind. */
type Keys = Record<string, unknown>

/** Everything in settings that goes against something else there. */
export function settingClashes(settings: Record<string, unknown>): SettingClash[] {
  const { Exec, Files, Network } = settings
  const all = { exec: keysOf(Exec), files: keysOf(Files), network: keysOf(Network) }
  return [...execClashes(all.exec), ...treeClashes(all.files), ...networkClashes(all.network)]
}

function execClashes({ Boot, ProcessTwo, AmbientCapability, Ephemeral, LinkJournal }: Keys): SettingClash[] {
  const clashes: SettingClash[] = []
  if (Boot === true && ProcessTwo === true) {
    clashes.push({ path: ['Exec', 'ProcessTwo'], message: 'goes against Boot; give one of them' })
  }
  if (Boot !== false && ProcessTwo !== true && !isNothing(AmbientCapability)) {
    const message = 'systemd-nspawn boots no machine with it: use Capability, or give Boot: false'
    clashes.push({ path: ['Exec', 'AmbientCapability'], message })
  }
  if (Ephemeral === true && (LinkJournal === 'host' || LinkJournal === 'guest')) {
    const message = `systemd-nspawn does not start with this and Ephemeral; give "try-${LinkJournal}"`
    clashes.push({ path: ['Exec', 'LinkJournal'], message })
  }
  return clashes
}

/** Whoever changes the owners of all files has to write them. */
function treeClashes({ ReadOnly, Volatile, PrivateUsersChown, PrivateUsersOwnership }: Keys): SettingClash[] {
  const readOnly = ReadOnly === true ? 'ReadOnly' : isNothing(Volatile) ? undefined : 'Volatile'
  if (readOnly === undefined) return []
  const message = `systemd-nspawn does not start with this and ${readOnly}; give PrivateUsersOwnership: auto`
  if (PrivateUsersOwnership === 'chown') return [{ path: ['Files', 'PrivateUsersOwnership'], message }]
  const changes = PrivateUsersOwnership === undefined && PrivateUsersChown === true
  return changes ? [{ path: ['Files', 'PrivateUsersChown'], message }] : []
}

function networkClashes(network: Keys): SettingClash[] {
  const clashes: SettingClash[] = []
  if (!isNothing(network.Bridge) && !isNothing(network.Zone)) {
    clashes.push({
      path: ['Network', 'Zone'],
      message: 'systemd-nspawn does not start with this and Bridge; give one of them',
    })
  }
  if (!isNothing(network.Port) && hasHostNetwork(network)) {
    const off = ['Private', 'VirtualEthernet'].filter(key => network[key] === false)
    const message = `needs a machine with a network of its own: leave out ${off.join(' and ')}, or Port`
    clashes.push({ path: ['Network', 'Port'], message })
  }
  return clashes
}

/** Keys that give the machine its own network (`settings_private_network` in systemd's `src/nspawn/nspawn-settings.c`). */
const OWN_NETWORK = [
  ...(['Private', 'VirtualEthernet', 'VirtualEthernetExtra', 'Bridge', 'Zone'] as const),
  ...(['Interface', 'MACVLAN', 'IPVLAN', 'NamespacePath'] as const),
]

/** Whether a section [Network] takes from the machine the network of its own that `machinectl start` gives it. */
export function hasHostNetwork(network: Readonly<Keys>): boolean {
  return [network.Private, network.VirtualEthernet].includes(false) && OWN_NETWORK.every(key => isNothing(network[key]))
}

function keysOf(section: unknown): Keys {
  return isObject(section) ? section : {}
}

/** Whether a setting is not given, false, or an empty list. */
function isNothing(value: unknown): boolean {
  return value === undefined || value === false || value === '' || (Array.isArray(value) && value.length === 0)
}
