import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { delimiter, join } from 'node:path'
import { shellLine } from '../shell-word.ts'
import { BenchError } from './errors.ts'

/** A command that is measured. */
export interface Contender {
  readonly name: string
  readonly ours: boolean
  /** A line of bash that writes its archive to standard output. */
  readonly line: string
}

/** A command at one of its levels; a plain tar has none. */
export interface LevelContender extends Contender {
  readonly level?: number
}

/** The files that all contenders pack. */
export interface Files {
  /** The folder that stands for `/`. */
  readonly root: string
  /** A file that lists the store paths, relative to it, a line each. */
  readonly list: string
}

/** The packages that bench/thirdparty has a script for. */
const PACKAGES = ['tar-fs', 'tar', 'modern-tar'] as const

/** The packages that are installed in a folder like bench/thirdparty, with their scripts. */
function packagesIn(peers: string): string[] {
  return PACKAGES.filter(name =>
    [`${name}.mjs`, join('node_modules', name)].every(path => existsSync(join(peers, path))),
  )
}

/** Throws `BenchError` for a folder in which nothing can be compared with. */
export function checkPeers(peers: string): void {
  if (packagesIn(peers).length > 0) return
  const [message, advice] = PACKAGES.some(name => existsSync(join(peers, `${name}.mjs`)))
    ? [`none of ${PACKAGES.join(', ')} is installed`, `run npm install --prefix ${shellLine([peers])}`]
    : ['not a copy of bench/thirdparty of the sources', 'give one, or leave out --peers']
  throw new BenchError('BENCH_IMPOSSIBLE', `${peers}: ${message}; ${advice}`)
}

/** GNU tar as nixpkgs' make-system-tarball calls it. */
const GNU_FLAGS = '--hard-dereference --format=gnu --sort=name --mtime=@1 --owner=0 --group=0 --numeric-owner'

/** A line of bash that writes the tar as GNU tar makes it. */
export function gnuTar({ root, list }: Files): string {
  return `LC_ALL=C tar -C ${shellLine([root])} ${GNU_FLAGS} -c -T ${shellLine([list])}`
}

/** The installed programs that write a plain tar. `peers` is a folder like bench/thirdparty. */
export function tarContenders(files: Files, peers: string | undefined): Contender[] {
  const { root, list } = files
  const bsdtar = `LC_ALL=C.UTF-8 bsdtar -C ${shellLine([root])} --format=gnutar -c -f - -T ${shellLine([list])}`
  const packages = peers === undefined ? [] : packagesIn(peers)
  return [
    ...(isInstalled('tar') ? [peer('GNU tar', gnuTar(files))] : []),
    ...(isInstalled('bsdtar') ? [peer('bsdtar', bsdtar)] : []),
    ...packages.map(name => {
      return peer(`${name} (npm)`, shellLine([process.execPath, join(peers!, `${name}.mjs`), root, list]))
    }),
  ]
}

/** The installed programs that write a .tar.xz, in `workers` threads (default: one per processor). Ratios are to the first. */
export function xzContenders(files: Files, workers: number | undefined): Contender[] {
  if (!isInstalled('tar')) return []
  const pixz = workers === undefined ? 'pixz -t' : `pixz -t -p ${workers}`
  const commands = [pixz, `xz -T${workers ?? availableParallelism()} -6`]
  const installed = commands.filter(command => isInstalled(command.split(' ')[0]!))
  return installed.map(command => peer(`GNU tar, ${command}`, `${gnuTar(files)} | ${command}`))
}

/**
 * Every level of every program that is installed, in so many `threads`, and of our formats. `ourLine` gives a line of bash with
 * our command and these options.
 */
export function levelContenders(
  files: Files,
  threads: number,
  ourLine: (options: readonly string[]) => string,
): LevelContender[] {
  const tar = gnuTar(files)
  const peers = (program: string, options: string, first: number, last: number): LevelContender[] => {
    if (!isInstalled('tar') || !isInstalled(program)) return []
    const lineOf = (level: number) => `${tar} | ${program} ${options} -${level} -c`
    return range(first, last).map(level => ({ name: program, ours: false, level, line: lineOf(level) }))
  }
  const our = (format: string, first: number): LevelContender[] => {
    const lineOf = (level: number) => ourLine(['--format', format, '--level', String(level)])
    return range(first, 9).map(level => ({ name: `our ${format}`, ours: true, level, line: lineOf(level) }))
  }
  // We take the hash of the file, too.
  const hashed = `{ { ${tar} | tee /dev/fd/3 | sha256sum >/dev/null; } 3>&1; }`
  const plain = [peer('GNU tar', tar), peer('GNU tar, sha256sum', hashed)]
  return [
    ...(isInstalled('tar') ? plain : []),
    { name: 'our tar', ours: true, line: ourLine(['--format', 'tar']) },
    ...peers('zstd', `-q -T${threads}`, 1, 19),
    ...peers('pigz', `-p ${threads}`, 1, 9),
    ...peers('plzip', `-n ${threads}`, 0, 9),
    ...peers('pixz', `-t -p ${threads}`, 0, 9),
    ...peers('xz', `-T${threads}`, 0, 9),
    ...our('tar.zst', 1),
    ...our('tar.gz', 1),
    ...our('tar.xz', 0),
  ]
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
}

function peer(name: string, line: string): Contender {
  return { name, ours: false, line }
}

/** Whether a program is on PATH. */
export function isInstalled(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some(folder => existsSync(join(folder, program)))
}
