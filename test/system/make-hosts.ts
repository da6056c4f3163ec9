/**
 * Makes the hosts that are not there yet, and prints which versions are in them: sid moves, and a mirror keeps no old
 * packages to pin.
 *
 *     node test/system/make-hosts.ts
 */

import { madeHost, SUITES, type Suite } from './support/debian-host.ts'
import { execute } from './support/execute.ts'

/** What the tests depend on: programs that import, verify and start, and the libraries that read archives. */
const TOLD = /^(systemd-container|tar|gnupg|xz-utils|zstd|liblzma5|libarchive13.*|libcurl4.*)$/

async function describeHost(suite: Suite): Promise<string> {
  const { stdout } = await execute('dpkg-query', [`--admindir=${await madeHost(suite)}/var/lib/dpkg`, '--show'])
  const packages = stdout.split('\n').map(line => line.split(/(?::\w+)?\t/))
  const told = packages.filter(([name = '']) => TOLD.test(name)).map(words => words.join(' '))
  return `${suite}: ${told.join(', ')}`
}

const suites = Object.keys(SUITES) as Suite[]
console.log((await Promise.all(suites.map(describeHost))).join('\n'))
