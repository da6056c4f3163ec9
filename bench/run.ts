/**
 * Measures the command against its peers on one closure, in one run:
 *
 *     npm run bench -- TOPLEVEL [--rounds N] [--xz]
 *
 * Uncompressed tar against GNU tar; with --xz also .tar.xz against xz and, where installed,
 * pixz. All figures are of whole processes; ratios below 1 mean that ours is faster or smaller.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { alternate, type Contender, median, nodeCommand, type Run } from './measure.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '5' }, xz: { type: 'boolean', default: false } },
})
const toplevel = positionals[0]
if (toplevel === undefined) throw new Error('give the toplevel of a closure in the local store')

const folder = mkdtempSync(join(tmpdir(), 'nspawn-rootfs-bench-'))
try {
  await benchTar()
  if (values.xz) await benchXz()
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function benchTar(): Promise<void> {
  const ours = [resolve(import.meta.dirname, '../dist/cli.js'), 'build', '--toplevel', toplevel!, '--stdout']
  const stdout = nodeCommand([...ours, '--format', 'tar'])
  await compare('tar', Number(values.rounds), [
    { name: 'GNU tar | cat >/dev/null', command: `${gnuTar()} | cat >/dev/null` },
    { name: 'nspawn-rootfs --format tar --stdout >/dev/null', command: `${stdout} >/dev/null` },
    { name: 'nspawn-rootfs --format tar --stdout | cat >/dev/null', command: `${stdout} | cat >/dev/null` },
    {
      name: 'GNU tar >FILE, sha256sum, sync',
      command: `${gnuTar()} > ${folder}/peer.tar; sha256sum ${folder}/peer.tar; sync ${folder}/peer.tar`,
    },
    {
      name: 'nspawn-rootfs --format tar --out DIR',
      command: nodeCommand([...ours.slice(0, -1), '--format', 'tar', '--out', folder]),
    },
  ])
}

async function benchXz(): Promise<void> {
  const threads = availableParallelism()
  const ours = [resolve(import.meta.dirname, '../dist/cli.js'), 'build', '--toplevel', toplevel!, '--name', 'ours']
  const contenders = [
    {
      name: `GNU tar | xz -T${threads} -6`,
      command: `${gnuTar()} | xz -T${threads} -6 >${folder}/xz.tar.xz`,
      file: 'xz.tar.xz',
    },
    { name: 'nspawn-rootfs --level 6', command: nodeCommand([...ours, '--out', folder]), file: 'ours.tar.xz' },
    {
      name: 'GNU tar | pixz -t',
      command: `${gnuTar()} | pixz -t >${folder}/pixz.tar.xz`,
      file: 'pixz.tar.xz',
      needs: 'pixz',
    },
  ].filter(({ needs }) => needs === undefined || isInstalled(needs))
  await compare('tar.xz', 1, contenders)
  for (const { name, file } of contenders) console.log(`${name.padEnd(55)} ${statSync(join(folder, file)).size} bytes`)
}

/** Runs the contenders in turn and prints each one's figures, and its time as a ratio to the first one's. */
async function compare(title: string, rounds: number, contenders: readonly Contender[]): Promise<void> {
  console.log(`\n${title}: median of ${rounds}, in turn; ratio to the first line, run by run`)
  const all = await alternate(contenders, rounds)
  for (const [i, runs] of all.entries()) console.log(formatRuns(contenders[i].name, runs, all[0]))
}

function formatRuns(name: string, runs: readonly Run[], first: readonly Run[]): string {
  const seconds = median(runs.map(run => run.seconds))
  const ratio = median(runs.map((run, i) => run.seconds / first[i].seconds))
  const peaks = runs.map(run => run.peak).filter(peak => peak !== undefined)
  const peak = peaks.length > 0 ? `, peak ${Math.max(...peaks).toFixed(0)} MiB` : ''
  return `${name.padEnd(55)} ${seconds.toFixed(2)} s, ratio ${ratio.toFixed(2)}${peak}`
}

/** GNU tar over the store paths of the closure, with the flags that nixpkgs' make-system-tarball gives. */
function gnuTar(): string {
  const list = join(folder, 'store-paths')
  if (!existsSync(list)) {
    const paths = execFileSync('nix-store', ['--query', '--requisites', resolve(toplevel!)], { encoding: 'utf8' })
    writeFileSync(list, paths.replaceAll(/^\//gm, ''))
  }
  const flags = '--hard-dereference --format=gnu --sort=name --mtime=@1 --owner=0 --group=0 --numeric-owner'
  return `LC_ALL=C tar -C / ${flags} -c -T ${list}`
}

function isInstalled(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some(bin => existsSync(join(bin, program)))
}
