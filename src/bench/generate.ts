import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { encodeText } from '../bytes/index.ts'
import { createNarHasher } from '../nar-hasher.ts'
import {
  compareStorePaths,
  DEFAULT_STORE_DIR,
  encodeNixBase32,
  formatRegistration,
  type PathInfo,
  parseStorePath,
  type StorePath,
} from '../nix/index.ts'
import { readContents } from '../store/index.ts'
import { type FilePlan, planFiles, planPackages } from './closure-shape.ts'
import { createRandom, type Random } from './random.ts'
import { KINDS, type Kind, openTapes } from './real-bytes.ts'

/** A closure on disk. */
export interface GeneratedClosure {
  /** A folder with `store-paths` and `registration`, as closureInfo makes it. */
  readonly closureInfo: string
  /** Store path of the NixOS-shaped system, with init and etc/os-release, and a `sw` of symlinks. */
  readonly toplevel: string
}

/** Two versions of a closure, in one chroot store. */
export interface GeneratedStore extends GeneratedClosure {
  /** The folder that stands for `/`: files lie in its nix/store. */
  readonly root: string
  /** The closure with another version of one middle-sized package: this and the toplevel have other store paths. */
  readonly changed: GeneratedClosure
}

/** Which closure to make. */
export interface GenerateOptions {
  /** Bytes of NAR, about. */
  readonly size: number
  /** Any whole number. */
  readonly seed: number
}

/** Bytes of the smallest closure. With less, some packages would have no file. */
export const SIZE_MIN = 1_000_000

/**
 * Makes a closure in `folder`. The same options give the same store paths and bytes with the same Node and dependencies. Its
 * directories are read-only, as in a store: users other than root have to make them writable to remove them. Rejects with
 * `RangeError` for a size that is too small, with what the system throws, and when aborted: between two store paths.
 */
export async function generateClosure(
  folder: string,
  { size, seed }: GenerateOptions,
  signal?: AbortSignal,
): Promise<GeneratedStore> {
  if (size < SIZE_MIN) throw new RangeError(`size: at least ${SIZE_MIN} bytes, not ${size}`)
  const root = join(folder, 'root')
  mkdirSync(join(root, DEFAULT_STORE_DIR), { recursive: true })
  const { packages, changed, other } = planClosure(`${seed} ${size}`, size)
  const infos: PathInfo[] = []
  for (const each of packages) {
    await checkAborted(signal)
    infos.push(writePackage(root, each))
  }
  const write = async (name: string, packages: readonly Package[], infos: readonly PathInfo[]) => {
    await checkAborted(signal)
    const system = writeSystem(root, packages)
    const closureInfo = join(folder, name)
    writeClosureInfo(closureInfo, [...infos, system])
    return { closureInfo, toplevel: system.path.path }
  }
  return {
    root,
    ...(await write('info', packages, infos)),
    changed: await write('changed-info', packages.with(changed, other), infos.with(changed, writePackage(root, other))),
  }
}

/** Rejects when aborted. A signal of the process arrives only while nothing else runs. */
async function checkAborted(signal: AbortSignal | undefined): Promise<void> {
  await setImmediate()
  signal?.throwIfAborted()
}

/** Writes a folder as nixpkgs' closureInfo makes it. */
export function writeClosureInfo(folder: string, infos: readonly PathInfo[]): void {
  const sorted = infos.toSorted((a, b) => compareStorePaths(a.path, b.path))
  mkdirSync(folder)
  writeFileSync(join(folder, 'registration'), formatRegistration(sorted))
  writeFileSync(join(folder, 'store-paths'), sorted.map(({ path }) => `${path.path}\n`).join(''))
}

/** A package to write. */
interface Package {
  readonly path: StorePath
  readonly files: readonly PackageFile[]
  /** Without itself. */
  readonly references: readonly StorePath[]
}

interface PackageFile extends FilePlan {
  /** Where its bytes begin on the tape of its kind. */
  readonly at: number
}

/** Bytes of text that names are taken from. */
const WORDS_FROM = 1 << 20

/** Bytes of the package that gets another version, about. */
const CHANGED_SIZE = 1_500_000

/** Plans the packages, and another version of one of them. */
function planClosure(label: string, size: number): { packages: Package[]; changed: number; other: Package } {
  const tapes = openTapes()
  const random = createRandom(label)
  const words = [
    ...new Set(
      tapes.text
        .read(0, WORDS_FROM)
        .toString('latin1')
        .match(/[a-z]{3,10}/g),
    ),
  ]
  const plans = planPackages(size, random, words).map(plan => ({
    ...plan,
    path: pathOf(label, plan.stem, plan.version),
  }))
  // In the order in which they lie in a tar, so that no bytes come again until all of a tape have come.
  plans.sort((a, b) => compareStorePaths(a.path, b.path))
  const distances = plans.map(({ size }) => Math.abs(size - CHANGED_SIZE))
  const changed = distances.indexOf(Math.min(...distances))
  const positions = Object.fromEntries(KINDS.map(kind => [kind, random(tapes[kind].size)])) as Record<Kind, number>
  const packages = plans.map((plan, i): Package => {
    const files = planFiles(plan, random, words).map(file => {
      const at = positions[file.kind]
      positions[file.kind] += file.size
      return { ...file, at }
    })
    const references = planReferences(random, i, changed).map(each => plans[each]!.path)
    return { path: plan.path, files, references }
  })
  const { stem, version } = plans[changed]!
  const other = {
    ...packages[changed]!,
    path: pathOf(label, stem, `${version}.1`),
    // Every other file has other bytes.
    files: packages[changed]!.files.map((file, i) => {
      return i % 2 === 0 ? { ...file, at: file.at + tapes[file.kind].size / 2 } : file
    }),
  }
  return { packages, changed, other }
}

function pathOf(label: string, stem: string, version: string): StorePath {
  const name = `${stem}-${version}`
  const digest = createHash('sha256').update(`${label} ${name}`).digest().subarray(0, 20)
  return parseStorePath(`${DEFAULT_STORE_DIR}/${encodeNixBase32(digest)}-${name}`)
}

/** Mostly what many refer to. Nothing refers to the package that changes, else it would have to change, too. */
function planReferences(random: Random, index: number, changed: number): number[] {
  const references = new Set<number>()
  for (let i = random(6); i > 0 && index > 0; i--) references.add(Math.min(random(index), random(index), random(index)))
  references.delete(changed)
  return [...references]
}

function writePackage(root: string, { path, files, references }: Package): PathInfo {
  const folder = root + path.path
  const tapes = openTapes()
  for (const { path, kind, at, size, links } of files) {
    addFile(join(folder, path), tapes[kind].read(at, size), kind === 'code')
    for (const link of links) addLink(join(folder, dirname(path), link), basename(path))
  }
  return seal(root, path, [...references, path])
}

/** The header of a program for x86_64, which is all that anybody looks at of it: the image is not booted. */
const SHELL = `\x7fELF\x02\x01\x01${'\0'.repeat(9)}\x02\0\x3e\0\x01\0\0\0${'\0'.repeat(40)}`

/** Writes the system. Its `sw` is that of nixpkgs' buildEnv if no directory belonged to one package alone: all links. */
function writeSystem(root: string, packages: readonly Package[]): PathInfo {
  const paths = packages.map(({ path }) => path)
  const path = pathOf(paths.map(({ path }) => path).join(' '), 'nixos-system-bench', '26.05')
  const folder = root + path.path
  const release = 'ID=nixos\nNAME=NixOS\nPRETTY_NAME="A closure to measure with"\nVERSION_ID="26.05"\n'
  addFile(join(folder, 'etc/os-release'), release)
  addFile(join(folder, 'shell'), Buffer.from(SHELL, 'latin1'), true)
  addFile(join(folder, 'init'), `#!${path.path}/shell\n`, true)
  addFile(join(folder, 'system'), 'x86_64-linux')
  for (const { path: target, files } of packages) {
    for (const { path, links } of files) {
      const names = [path, ...links.map(link => join(dirname(path), link))]
      for (const name of names) addLink(join(folder, 'sw', name), `${target.path}/${name}`)
    }
  }
  return seal(root, path, paths)
}

function addFile(path: string, contents: string | Uint8Array, isExecutable = false): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, contents, { flag: 'wx' })
  // As a mode of the file that is opened, it would be subject to the umask.
  chmodSync(path, isExecutable ? 0o555 : 0o444)
}

function addLink(path: string, target: string): void {
  mkdirSync(dirname(path), { recursive: true })
  symlinkSync(target, path)
}

/** Completes a store path on disk, and returns what a Nix database says of it. */
function seal(root: string, path: StorePath, references: readonly StorePath[]): PathInfo {
  const folder = root + path.path
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) chmodSync(join(entry.parentPath, entry.name), 0o555)
  }
  chmodSync(folder, 0o555)
  const nar = createNarHasher()
  const room = new Uint8Array(1 << 16)
  const advance = (length: number) => nar.data(room.subarray(0, length))
  readContents(encodeText(folder), { ...nar, room: () => room, advance })
  return { path, references: references.toSorted(compareStorePaths), ...nar.end() }
}
