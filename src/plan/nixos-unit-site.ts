/**
 * Where units of an image go on NixOS. Its activation makes `/etc/systemd/system` a symlink at each boot, and fails to if
 * there is a directory. Units that are not of its configuration have these places, the first overriding the next:
 *
 *     boot.extraSystemdUnitPaths           such as /etc/systemd-mutable/system, if the system was built with it
 *     /etc/systemd/system.control
 *     /etc/systemd/system                  the units of the system
 *     /etc/systemd/system.attached
 *
 * NixOS puts nothing in the second and the last, and its systemd looks in all of them (`systemd-analyze unit-paths`).
 * Drop-ins count in each, ordered by their names.
 */
import type { StorePath } from '../nix/index.ts'
import { type Closure, whereLeads } from '../store/index.ts'
import { readUnitFile, readWords, type UnitSite } from '../systemd/index.ts'
import type { Lookup } from '../tree/index.ts'
import { findIn, isProgram, textAt } from './closure-files.ts'

/** The symlink to the toplevel that the activation makes at each boot and switch. */
const CURRENT_SYSTEM = '/run/current-system'

/** Folders for units before and behind those of the system. */
export const CONTROL = '/etc/systemd/system.control'
export const ATTACHED = '/etc/systemd/system.attached'

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
  lookup: Lookup,
): Promise<UnitSite | undefined> {
  const units = `${toplevel.path}/etc/systemd/system`
  if ((await whereLeads(lookup, units)) === undefined) return undefined
  const extraFolder = await extraUnitFolder(lookup, toplevel)
  const overriding = [...(extraFolder ? [extraFolder] : []), CONTROL]
  const findUnit: UnitSite['findUnit'] = async file => {
    const findOwn = async (folders: readonly string[]) => {
      const own = await findIn(folders, file, lookup)
      return own && { ...own, dropIns: [], isOwn: true }
    }
    const own = await findOwn(overriding)
    if (own) return own
    const text = await textAt(lookup, `${units}/${file}`)
    if (text === undefined) return findOwn([ATTACHED])
    const dropIn = await textAt(lookup, `${units}/${file}.d/${OVERRIDES}`)
    // The path by which the activation makes it be found, now and after the next switch.
    return {
      text,
      path: `/etc/systemd/system/${file}`,
      dropIns: dropIn === undefined ? [] : [dropIn],
      isOwn: false,
    }
  }
  const has = (path: string) => isProgram(lookup, path)
  const findProgram = async (name: keyof typeof PROGRAM_PACKAGES) => {
    if (await has(`${toplevel.path}/sw/bin/${name}`)) return `${CURRENT_SYSTEM}/sw/bin/${name}`
    for (const pattern of PROGRAM_PACKAGES[name]) {
      for (const { path } of closure.paths.filter(info => pattern.test(info.path.name))) {
        for (const folder of ['bin', 'sbin']) {
          if (await has(`${path.path}/${folder}/${name}`)) return `${path.path}/${folder}/${name}`
        }
      }
    }
    return undefined
  }
  return {
    isNixos: true,
    unitFolder: extraFolder ?? ATTACHED,
    overridingFolder: extraFolder ?? CONTROL,
    findUnit,
    isLost: async file => (await textAt(lookup, `/etc/systemd/system/${file}`)) !== undefined,
    async hasProgram(path) {
      if (path.startsWith(`${CURRENT_SYSTEM}/`)) return has(toplevel.path + path.slice(CURRENT_SYSTEM.length))
      // Anything else below /run, such as wrappers, is made at boot.
      return path.startsWith('/run/') || has(path)
    },
    async findPrograms() {
      const [agetty, login] = [await findProgram('agetty'), await findProgram('login')]
      return agetty && login ? { agetty, login } : undefined
    },
    endsFirstBoot: async () => Boolean((await findUnit('systemd-machine-id-commit.service'))?.text),
  }
}

/**
 * The first folder of `boot.extraSystemdUnitPaths` that an image can fill. Since NixOS 22.11 system.conf(5) hands them to
 * systemd, in `ManagerEnvironment=`, with an empty one behind them for all others.
 */
async function extraUnitFolder(lookup: Lookup, toplevel: StorePath): Promise<string | undefined> {
  const file = `${toplevel.path}/etc/systemd/system.conf`
  const words = readUnitFile((await textAt(lookup, file)) ?? '')
    .filter(({ section, key }) => section === 'Manager' && key === 'ManagerEnvironment')
    .flatMap(({ value }) => readWords(value))
  const path = words.findLast(word => word.startsWith('SYSTEMD_UNIT_PATH='))
  const folders = path?.slice('SYSTEMD_UNIT_PATH='.length).split(':') ?? []
  for (const folder of folders.map(folder => folder.replace(/\/+$/, ''))) {
    if (!isFillable(folder)) continue
    // One that the activation links to the store is no folder of the image.
    const below = /^\/etc\/(.*)$/.exec(folder)?.[1]
    if (below === undefined || !(await whereLeads(lookup, `${toplevel.path}/etc/${below}`))) return folder
  }
  return undefined
}

/** Whether what lies in a folder stays there, and is neither of the store nor of the configuration. */
function isFillable(folder: string): boolean {
  const isPlain = /^(?:\/(?!\.{1,2}(?:\/|$))[^/]+)+$/.test(folder)
  return isPlain && !/^\/(?:nix|run|dev|proc|sys|tmp)\/|^\/etc\/systemd\/system(?:\/|$)/.test(folder)
}
