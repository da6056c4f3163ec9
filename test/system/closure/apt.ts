/** Which archive apt-get looks at: that of this machine's architecture, or that of another. */
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

/** Options for apt-get. */
export type Apt = readonly string[]

/** As this machine is set up. */
export const NATIVE_APT: Apt = []

/**
 * Looks at the packages of another architecture in the archives of this machine, and fetches their lists. What apt keeps of
 * them is in `folder`: neither dpkg's list of architectures nor the package lists of this machine change.
 */
export function openForeignApt(architecture: string, folder: string): Apt {
  mkdirSync(join(folder, 'state/lists/partial'), { recursive: true })
  mkdirSync(join(folder, 'cache/archives/partial'), { recursive: true })
  const settings = {
    'APT::Architecture': architecture,
    'APT::Architectures': architecture,
    'Dir::State': join(folder, 'state'),
    'Dir::State::status': '/dev/null',
    'Dir::Cache': join(folder, 'cache'),
    'Acquire::Languages': 'none',
  }
  const apt = Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`])
  execFileSync('apt-get', [...apt, '--quiet', 'update'], { stdio: ['ignore', 'ignore', 'inherit'] })
  return apt
}
