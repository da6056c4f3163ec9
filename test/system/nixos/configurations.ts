import type { NixosConfiguration } from './layout.ts'

/** A host name. */
export type SystemName = keyof typeof CONFIGURATIONS

/** The systems, by their host names. */
export const CONFIGURATIONS = configurations({
  // As the releases have them.
  'container-2405': { release: '24.05', container: 'isContainer', registration: 'postBootCommands' },
  'initrd-2411': { release: '24.11', container: 'isContainer', systemdInitrd: true },
  'overlay-2411': { release: '24.11', systemdInitrd: true, etcOverlay: true },
  'container-2511': { release: '25.11', container: 'isContainer' },
  'host-2605': { release: '26.05' },
  'init-2605': { release: '26.05', nixosInit: true, etcOverlay: true },
  'container-2611': { release: '26.11', container: 'isNspawnContainer', useHostResolvConf: false },
  // With other options.
  'starter-2605': {
    release: '26.05',
    container: 'isNspawnContainer',
    console: true,
    registration: 'unit',
    sandbox: false,
    useHostResolvConf: false,
  },
  'units-2511': {
    release: '25.11',
    container: 'isNspawnContainer',
    unitPaths: ['/etc/systemd-mutable/system', '/var/lib/units'],
  },
  'masked-2411': { release: '24.11', container: 'isContainer', consoleGetty: false },
  'immutable-2511': { release: '25.11', container: 'isNspawnContainer', mutableUsers: false },
  'minimal-2511': { release: '25.11', container: 'isNspawnContainer', loginPrograms: false },
  'no-login-2511': { release: '25.11', container: 'isNspawnContainer', loginPrograms: false, mutableUsers: false },
})

function configurations<Name extends string>(options: Record<Name, Omit<NixosConfiguration, 'name'>>) {
  const entries = Object.entries<Omit<NixosConfiguration, 'name'>>(options)
  return Object.fromEntries(entries.map(([name, rest]) => [name, { name, ...rest }])) as Record<
    Name,
    NixosConfiguration
  >
}
