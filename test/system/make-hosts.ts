/**
 * Makes the hosts that are not there yet, and prints which versions are in them: sid moves, and a mirror keeps no old
 * packages to pin.
 *
 *     node test/system/make-hosts.ts
 */

import { madeHost, SUITES, type Suite } from './support/debian-host.ts'
import { execute } from './support/execute.ts'
import { madeNixRoot, NIX_VERSIONS, type NixSuite } from './support/nix-versions.ts'

/** What the tests depend on: programs that import, verify and start, and the libraries that read archives. */
const TOLD = /^(systemd-container|nix-bin|tar|gnupg|xz-utils|zstd|liblzma5|libarchive13.*|libcurl4.*)$/

async function describeRoot(name: string, root: string): Promise<string> {
  const { stdout } = await execute('dpkg-query', [`--admindir=${root}/var/lib/dpkg`, '--show'])
  const packages = stdout.split('\n').map(line => line.split(/(?::\w+)?\t/))
  const told = packages.filter(([name = '']) => TOLD.test(name)).map(words => words.join(' '))
  return `${name}: ${told.join(', ')}`
}

const suites = Object.keys(SUITES) as Suite[]
const nixSuites = Object.keys(NIX_VERSIONS) as NixSuite[]
const described = [
  ...suites.map(async suite => describeRoot(suite, await madeHost(suite))),
  ...nixSuites.map(async suite => describeRoot(`Nix of ${suite}`, await madeNixRoot(suite))),
]
console.log((await Promise.all(described)).join('\n'))
