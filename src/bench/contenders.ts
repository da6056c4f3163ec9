import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { delimiter, join } from 'node:path'
import { shellWords } from './measure.ts'

/** A command that is measured. */
export interface Contender {
  readonly name: string
  readonly ours: boolean
  /** A line of bash that writes its archive to standard output. */
  readonly line: string
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

/** GNU tar as nixpkgs' make-system-tarball calls it. */
const GNU_FLAGS = '--hard-dereference --format=gnu --sort=name --mtime=@1 --owner=0 --group=0 --numeric-owner'

/** A line of bash that writes the tar as GNU tar makes it. */
export function gnuTar({ root, list }: Files): string {
  return `LC_ALL=C tar -C ${shellWords([root])} ${GNU_FLAGS} -c -T ${shellWords([list])}`
}

/** The installed programs that write a plain tar. `peers` is a folder like bench/thirdparty. */
export function tarContenders(files: Files, peers: string | undefined): Contender[] {
  const { root, list } = files
  const contenders: Contender[] = []
  if (isInstalled('tar')) contenders.push({ name: 'GNU tar', ours: false, line: gnuTar(files) })
  if (isInstalled('bsdtar')) {
    const line = `LC_ALL=C.UTF-8 bsdtar -C ${shellWords([root])} --format=gnutar -c -f - -T ${shellWords([list])}`
    contenders.push({ name: 'bsdtar', ours: false, line })
  }
  for (const name of PACKAGES) {
    if (peers === undefined || !existsSync(join(peers, 'node_modules', name))) continue
    const line = shellWords([process.execPath, join(peers, `${name}.mjs`), root, list])
    contenders.push({ name: `${name} (npm)`, ours: false, line })
  }
  return contenders
}

/** The installed programs that write a .tar.xz. Ratios are to the first. */
export function xzContenders(files: Files): Contender[] {
  if (!isInstalled('tar')) return []
  const threads = availableParallelism()
  const contenders: Contender[] = []
  if (isInstalled('pixz')) {
    contenders.push({ name: 'GNU tar, pixz -t', ours: false, line: `${gnuTar(files)} | pixz -t` })
  }
  if (isInstalled('xz')) {
    contenders.push({
      name: `GNU tar, xz -T${threads} -6`,
      ours: false,
      line: `${gnuTar(files)} | xz -T${threads} -6`,
    })
  }
  return contenders
}

/** Whether a program is on PATH. */
export function isInstalled(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some(folder => existsSync(join(folder, program)))
}
