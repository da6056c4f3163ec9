/**
 * Where units of an image go on NixOS. Its activation makes `/etc/systemd/system` a symlink at each boot, and fails to if
 * there is a directory. Units that are not of its configuration have these places, the first overriding the next:
 *
 *     boot.extraSystemdUnitPaths           such as /etc/systemd-mutable/system, if the system was built with it
 *     /etc/systemd/system.control
 *     /etc/systemd/system                  the units of the system
 *     /etc/systemd/system.attached
 *
 * NixOS leaves the last three to others than its configuration, and its systemd looks in all of them (`systemd-analyze
 * unit-paths`). Drop-ins count in each, ordered by their names.
 */
import type { StorePath } from '../nix/index.ts'
import { type Closure, type Outside, whereLeads } from '../store/index.ts'
import { readUnitFile, splitWords, type UnitSite } from '../systemd/index.ts'
import { textAt } from './texts.ts'

/** What the activation links to the toplevel, of which it makes a symlink at each boot and switch. */
const CURRENT_SYSTEM = '/run/current-system'

/** The name that NixOS gives the drop-in by which it changes a unit of systemd's. */
const OVERRIDES = 'overrides.conf'

/** Where to look for programs of a login that the system path lacks, by the names of store paths, best first. */
const PROGRAM_PACKAGES = {
  agetty: [/^util-linux(?:-minimal)?-[0-9][^-]*(?:-bin)?$/],
  login: [/^shadow-[0-9]/, /^util-linux(?:-minimal)?-[0-9][^-]*(?:-(?:bin|login))?$/],
}

/** The site for units of a NixOS system; `undefined` if the toplevel has no units. */
export async function nixosUnitSite(
  closure: Closure,
  toplevel: StorePath,
  outside: Outside,
): Promise<UnitSite | undefined> {
  const units = `${toplevel.path}/etc/systemd/system`
  if ((await whereLeads(closure, units, outside)) === undefined) return undefined
  const extraFolder = await extraUnitFolder(closure, toplevel)
  const findUnit: UnitSite['findUnit'] = async file => {
    const text = await textAt(closure, `${units}/${file}`, outside)
    if (text === undefined) return undefined
    const dropIn = await textAt(closure, `${units}/${file}.d/${OVERRIDES}`, outside)
    // The path by which the activation makes it be found, now and after the next switch.
    return { text, path: `/etc/systemd/system/${file}`, dropIns: dropIn === undefined ? [] : [dropIn] }
  }
  const isProgram = async (path: string) => {
    const node = (await whereLeads(closure, path, outside))?.node
    return node?.type === 'file' && node.executable
  }
  const findProgram = async (name: keyof typeof PROGRAM_PACKAGES) => {
    if (await isProgram(`${toplevel.path}/sw/bin/${name}`)) return `${CURRENT_SYSTEM}/sw/bin/${name}`
    for (const pattern of PROGRAM_PACKAGES[name]) {
      for (const { path } of closure.paths.filter(info => pattern.test(info.path.name))) {
        for (const folder of ['bin', 'sbin']) {
          if (await isProgram(`${path.path}/${folder}/${name}`)) return `${path.path}/${folder}/${name}`
        }
      }
    }
    return undefined
  }
  return {
    isNixos: true,
    unitFolder: extraFolder ?? '/etc/systemd/system.attached',
    overridingFolder: extraFolder ?? '/etc/systemd/system.control',
    findUnit,
    hasProgram: path =>
      isProgram(path.startsWith(`${CURRENT_SYSTEM}/`) ? toplevel.path + path.slice(CURRENT_SYSTEM.length) : path),
    async findPrograms() {
      const [agetty, login] = [await findProgram('agetty'), await findProgram('login')]
      return agetty && login ? { agetty, login } : undefined
    },
    endsFirstBoot: async () => (await findUnit('systemd-machine-id-commit.service')) !== undefined,
  }
}

/**
 * The first folder of `boot.extraSystemdUnitPaths` that an image can fill. Since NixOS 22.11 system.conf(5) hands them to
 * systemd, in `ManagerEnvironment=`, with an empty one behind them for all others.
 */
async function extraUnitFolder(closure: Closure, toplevel: StorePath): Promise<string | undefined> {
  const file = `${toplevel.path}/etc/systemd/system.conf`
  const words = readUnitFile((await textAt(closure, file)) ?? '')
    .filter(({ section, key }) => section === 'Manager' && key === 'ManagerEnvironment')
    .flatMap(({ value }) => splitWords(value, file))
  const path = words.findLast(word => word.startsWith('SYSTEMD_UNIT_PATH='))
  // What lies below the others is of the store, or gone at the next boot.
  return path
    ?.slice('SYSTEMD_UNIT_PATH='.length)
    .split(':')
    .find(folder => /^\/(?!nix\/|run\/|dev\/|proc\/|sys\/|tmp\/)/.test(folder))
}
