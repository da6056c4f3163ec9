/**
 * Measures what an update of an image costs, beside zsync, desync and a whole download, all in one run:
 *
 *     npm run bench:pull -- [--closure small|large] [--rounds N] [--level N]
 *
 * The images are those of a closure of the system tests: one with a package, one with its next version, and one with
 * another file in /etc. So that all of it can be compared, `xz -T2` compresses the same tars. nginx serves all of it, at most
 * 10 MB/s a connection, manifests with gzip. desync takes part if it is installed. It runs as root: the packages are added to the store.
 */
import { copyFileSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { measure, median } from '../src/bench/measure.ts'
import { shellLine } from '../src/shell-word.ts'
import { pathOfProgram } from '../test/programs.ts'
import { closureOf } from '../test/system/support/closures.ts'
import { createScratch } from '../test/system/support/scratch.ts'
import { addPackage, CLI, readOptions, type ServedRun, serveCounted } from './served.ts'

const { closure, rounds, level } = readOptions()

/** The name of each image in its folder. */
const FILE = 'image.tar.xz'
const VERSIONS = { before: ['1.0', 'one'], package: ['1.1', 'one'], file: ['1.0', 'two'] } as const

const TITLES = { package: 'One package of 300 kB was replaced', file: 'One file in /etc/nixos has changed' }

const scratch = createScratch()
try {
  const site = scratch.make('site')
  await makeImages(site)
  const limits = 'limit_rate 10m; gzip on; gzip_types application/json;'
  const nginx = await serveCounted(site, scratch.make('nginx'), limits)
  const out = scratch.make('out')

  /** Brings back the image and manifest of the older version. */
  const reset = () => {
    rmSync(out, { recursive: true, force: true })
    mkdirSync(out)
    for (const file of [FILE, 'image.manifest.json']) copyFileSync(join(site, 'before', file), join(out, file))
  }

  for (const changed of ['package', 'file'] as const) {
    const url = (file: string) => `${nginx.url}/${changed}/${file}`
    const old = join(out, FILE)
    const commands = {
      'curl, all of it': shellLine(['curl', '-sfo', join(out, 'new'), url(FILE)]),
      'nspawn-rootfs pull, all of it': `rm ${old} && ${pull(url(FILE))}`,
      'nspawn-rootfs pull': pull(url(FILE)),
      'nspawn-rootfs pull --save-traffic': `${pull(url(FILE))} --save-traffic`,
      zsync: `cd ${out} && zsync -q -i ${old} -o new ${url(`${FILE}.zsync`)}`,
      'zsync, xz -T2': `cd ${out} && zsync -q -i ${join(site, 'before/other.tar.xz')} -o new ${url('other.tar.xz.zsync')}`,
      ...(pathOfProgram('desync') && {
        desync: desync(url(''), 'image'),
        'desync, xz -T2': desync(url(''), 'other'),
      }),
    }
    const results = new Map(Object.keys(commands).map(name => [name, [] as ServedRun[]]))
    for (let round = 0; round < rounds; round++) {
      for (const [name, line] of Object.entries(commands)) {
        reset()
        results.get(name)!.push(await nginx.measure(line))
      }
    }
    const { size } = statSync(join(site, changed, FILE))
    console.log(`\n${TITLES[changed]}; the image has ${(size / 1e6).toFixed(1)} MB`)
    const whole = results.get('curl, all of it')!
    for (const [name, runs] of results) {
      const ratio = median(runs.map((each, i) => each.seconds / whole[i]!.seconds))
      const megabytes = (median(runs.map(({ bytes }) => bytes)) / 1e6).toFixed(2)
      const memory = Math.round(Math.max(...runs.map(({ peakBytes }) => peakBytes)) / 1e6)
      const seconds = median(runs.map(each => each.seconds)).toFixed(2)
      console.log(
        `  ${name.padEnd(33)} ${megabytes.padStart(8)} MB  ${seconds.padStart(7)} s  ${ratio.toFixed(3)}  ${memory} MB of memory`,
      )
    }
  }
  await nginx.stop()

  function pull(url: string): string {
    return shellLine([...CLI, 'pull', url, '--dir', out, '--verify', 'checksum', '--no-cache'])
  }

  function desync(url: string, name: string): string {
    const seed = join(site, 'before', `${name}.caibx`)
    const blob = join(site, 'before', `${name}.tar.xz`)
    return shellLine([
      ...['desync', 'extract', '-s', `${url}${name}.store`, '--seed', `${seed}:${blob}`],
      ...[`${url}${name}.caibx`, join(out, 'new')],
    ])
  }
} finally {
  scratch.remove()
}

/** Makes the images, the same tars by `xz -T2`, and what zsync and desync need. */
async function makeImages(site: string): Promise<void> {
  const { link } = await closureOf(closure)
  for (const [folder, [version, text]] of Object.entries(VERSIONS)) {
    const out = join(site, folder)
    const etc = join(scratch.folder, `etc-${folder}`)
    mkdirSync(etc)
    writeFileSync(join(etc, 'configuration.nix'), `# ${text}\n`)
    const root = await addPackage(version, scratch.folder)
    const build = [...CLI, 'build', '--toplevel', link, '--root', root, '--etc-nixos', etc, '--name', 'image']
    const cache = join(scratch.folder, 'cache')
    await measure(shellLine([...build, '--level', level, '--out', out, '--cache-dir', cache]))
    const other = join(out, 'other.tar.xz')
    await measure(`${shellLine([...build, '--format', 'tar', '--stdout'])} | xz -T2 -${level} > ${other}`)
    for (const name of ['image', 'other']) {
      await measure(`cd ${out} && zsyncmake -u ${name}.tar.xz -o ${name}.tar.xz.zsync ${name}.tar.xz`)
      if (!pathOfProgram('desync')) continue
      await measure(`cd ${out} && mkdir ${name}.store && desync make -s ${name}.store ${name}.caibx ${name}.tar.xz`)
    }
  }
}
