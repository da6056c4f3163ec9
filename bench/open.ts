/**
 * Measures looking into an image, on disk and on a server, beside what answers the same without nspawn-rootfs, all in one run:
 *
 *     npm run bench:open -- [--closure small|large] [--rounds N] [--level N]
 *
 * The images are those of a closure of the system tests, one with a package and one with its next version. nginx serves them.
 * Each command runs in turn with the one that it is compared with; a ratio is the median of the ratios of all rounds. It runs as
 * root: the packages are added to the store.
 */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { measure, median, type Run } from '../src/bench/measure.ts'
import { shellLine } from '../src/shell-word.ts'
import { closureOf } from '../test/system/support/closures.ts'
import { createScratch } from '../test/system/support/scratch.ts'
import { addPackage, CLI, readOptions, type ServedRun, serveCounted } from './served.ts'

const { closure, rounds, level } = readOptions()

/** The names of the images' files, without `.tar.xz`. */
const VERSIONS = { old: '1.0', new: '1.1' } as const

const scratch = createScratch()
try {
  const site = scratch.make('site')
  const { link, toplevel } = await closureOf(closure)
  await makeImages(site, link)
  const nginx = await serveCounted(site, scratch.make('nginx'))
  const image = join(site, 'old.tar.xz')
  const url = `${nginx.url}/old.tar.xz`
  const { size } = statSync(image)
  console.log(`The image has ${megabytes(size)} MB.`)

  /** Prints what a command of ours takes, beside another. */
  const compare = async (title: string, ours: readonly string[], other: string) => {
    const runs: [ServedRun, ServedRun][] = []
    const line = shellLine([...CLI, ...ours])
    for (let round = 0; round < rounds; round++) runs.push([await nginx.measure(line), await nginx.measure(other)])
    const ratio = (of: (run: Run) => number) => median(runs.map(([a, b]) => of(a) / of(b))).toFixed(3)
    console.log(`\n${title}`)
    print(
      `nspawn-rootfs ${ours[0]}`,
      runs.map(([each]) => each),
    )
    print(
      other.replaceAll(site, '').replaceAll(nginx.url, ''),
      runs.map(([, each]) => each),
    )
    console.log(`  ratio of time ${ratio(each => each.seconds)}, of processor time ${ratio(each => each.cpuSeconds)}`)
  }

  const member = `${toplevel.slice(1)}/init`
  await compare('List the whole image on disk', ['ls', '-R', image], `xz -T2 -dc ${image} | tar -t`)
  await compare(
    'Print a file of the image on the server',
    ['cat', url, `/${member}`],
    `curl -sf ${url} | tar -xJO ${member}`,
  )
  await compare(
    'List a store path of the image on the server',
    ['ls', '-R', url, toplevel],
    `curl -sf ${url} | tar -tJ | grep ^${toplevel.slice(1)}`,
  )
  const start = shellLine([process.execPath, '-e', '0'])
  await compare('Sizes of the image on disk, beside the start of Node', ['sizes', image], start)
  // It returns 1, as diff does.
  const diff = `${shellLine([...CLI, 'diff', image, `${nginx.url}/new.tar.xz`])} || [ $? = 1 ]`
  const runs: ServedRun[] = []
  for (let round = 0; round < rounds; round++) runs.push(await nginx.measure(diff))
  console.log('\nCompare the image on disk with the next one on the server')
  print('nspawn-rootfs diff', runs)
  await nginx.stop()
} finally {
  scratch.remove()
}

function print(name: string, runs: readonly ServedRun[]): void {
  const seconds = median(runs.map(each => each.seconds)).toFixed(2)
  const cpuSeconds = median(runs.map(each => each.cpuSeconds)).toFixed(2)
  const served = megabytes(median(runs.map(({ bytes }) => bytes)))
  const memory = Math.round(Math.max(...runs.map(({ peakBytes }) => peakBytes)) / 1e6)
  console.log(
    `  ${name}\n    ${seconds} s, ${cpuSeconds} s of processor time, ${served} MB from the server, ${memory} MB of memory`,
  )
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(2)
}

/** Makes both images: they differ in a package and in what lists the packages. */
async function makeImages(site: string, link: string): Promise<void> {
  for (const [name, version] of Object.entries(VERSIONS)) {
    const root = await addPackage(version, scratch.folder)
    const build = [...CLI, 'build', '--toplevel', link, '--root', root, '--name', name, '--level', level]
    await measure(shellLine([...build, '--out', site, '--cache-dir', join(scratch.folder, 'cache')]))
  }
}
