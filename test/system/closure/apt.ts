/** Which archive apt-get looks at: that of this machine's architecture, or that of another. */
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

/** Options for apt-get. */
export type Apt = readonly string[]

/** As this machine is set up. */
export const NATIVE_APT: Apt = []

/**
 * The packages of another architecture in the archives of this machine, of which the newest lists are fetched. What apt
 * keeps of them is below `folder`: neither dpkg's list of architectures nor the package lists of this machine change.
 */
export function openForeignApt(architecture: string, folder: string): Apt {
  const state = join(folder, architecture, 'state')
  const cache = join(folder, architecture, 'cache')
  mkdirSync(join(state, 'lists/partial'), { recursive: true })
  mkdirSync(join(cache, 'archives/partial'), { recursive: true })
  const settings = {
    'APT::Architecture': architecture,
    'APT::Architectures': architecture,
    'Dir::State': state,
    'Dir::State::status': '/dev/null',
    'Dir::Cache': cache,
    'Acquire::Languages': 'none',
  }
  const apt = Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`])
  execFileSync('apt-get', [...apt, '--quiet', 'update'], { stdio: ['ignore', 'ignore', 'inherit'] })
  return apt
}
