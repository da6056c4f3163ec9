import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  compareStorePaths,
  DEFAULT_STORE_DIR,
  encodeNixBase32,
  formatRegistration,
  type PathInfo,
  parseStorePath,
  type StorePath,
} from '../nix/index.ts'
import { type PackagePlan, planPackages } from './closure-model.ts'
import { createContentsMaker } from './contents.ts'
import { addNode, createDirectory, type Directory, layOutPackage, sortedChildren } from './package-tree.ts'
import { createRandom } from './random.ts'
import { writeTree } from './store-writer.ts'

/** A closure on disk, in a chroot store. */
export interface GeneratedClosure {
  /** The folder that stands for `/`: files lie in its nix/store. */
  readonly root: string
  /** A folder with `store-paths` and `registration`, as closureInfo makes it. */
  readonly closureInfo: string
  /** Store path of the NixOS-shaped system, with init and etc/os-release, and a `sw` of symlinks. */
  readonly toplevel: string
}

/** Which closure to make. */
export interface GenerateOptions {
  /** Bytes of NAR, about. */
  readonly size: number
  /** Any whole number. */
  readonly seed: number
  /**
   * Another version of one ordinary, middle-sized package: it and the toplevel, and nothing else, have other store
   * paths.
   */
  readonly bumped?: boolean
}

/**
 * Makes a closure in `folder`, which must be empty or missing. The same options give the same store paths and bytes on
 * every machine. Two closures that differ in `bumped` alone may be generated into two folders. Its directories are
 * read-only, as in a store: who is not root has to make them writable before removing them. Throws `RangeError` for
 * numbers that are not whole, `Error` for a folder that is not empty, and what the system throws.
 */
export async function generateClosure(folder: string, options: GenerateOptions): Promise<GeneratedClosure> {
  const { size, seed, bumped = false } = options
  checkOptions(options)
  mkdirSync(folder, { recursive: true })
  if (readdirSync(folder).length > 0) throw new Error(`${folder}: is not empty; give one that is, or none`)
  const root = join(folder, 'root')
  const closureInfo = join(folder, 'info')
  mkdirSync(join(root, DEFAULT_STORE_DIR), { recursive: true })
  mkdirSync(closureInfo)
  const infos = writeStore(root, { size, seed, bumped })
  writeClosureInfo(closureInfo, infos)
  return { root, closureInfo, toplevel: infos[infos.length - 1]!.path.path }
}

function checkOptions({ size, seed }: GenerateOptions): void {
  if (!Number.isSafeInteger(size) || size < SIZE_MIN)
    throw new RangeError(`size: a whole number of bytes, at least ${SIZE_MIN}, not ${size}`)
  if (!Number.isSafeInteger(seed)) throw new RangeError(`seed: a whole number, not ${seed}`)
}

/** With less, some packages would have no file. */
const SIZE_MIN = 1_000_000

// What it returns ends with the toplevel.
function writeStore(root: string, { size, seed, bumped }: Required<GenerateOptions>): PathInfo[] {
  const label = `${seed} ${size}`
  const maker = createContentsMaker(label)
  const { packages, changed } = planPackages(size, createRandom(`${label} packages`), maker.words)
  const paths = packages.map((plan, i) => packagePath(label, plan, bumped && i === changed))
  const system = createDirectory()
  const infos = packages.map((plan, i): PathInfo => {
    const references = [...plan.references, i].map(each => paths[each]!).sort(compareStorePaths)
    const tree = layOutPackage(plan, paths[i]!.name, {
      random: createRandom(`${label} ${plan.stem} tree`),
      words: maker.words,
      label,
      mentions: references.map(({ path }) => `${path}/lib\0`).join(''),
    })
    linkAll(system, tree, ['sw'], paths[i]!.path)
    return { path: paths[i]!, references, ...writeTree(root + paths[i]!.path, tree, maker) }
  })
  const path = storePathOf(`${label} ${paths[changed]!.name}`, SYSTEM_NAME)
  addSystemFiles(system, path)
  const references = paths.toSorted(compareStorePaths)
  return [...infos, { path, references, ...writeTree(root + path.path, system, maker) }]
}

const SYSTEM_NAME = 'nixos-system-bench-26.05'

function packagePath(label: string, { stem, version }: PackagePlan, raised: boolean): StorePath {
  const [major, minor, patch] = version
  const name = `${stem}-${major}.${minor}.${raised ? patch + 1 : patch}`
  return storePathOf(label, name)
}

function storePathOf(label: string, name: string): StorePath {
  const digest = createHash('sha256').update(`${label} ${name}`).digest().subarray(0, 20)
  return parseStorePath(`${DEFAULT_STORE_DIR}/${encodeNixBase32(digest)}-${name}`)
}

// As nixpkgs' buildEnv does, if no directory belonged to one package alone: a link for each file and link.
function linkAll(system: Directory, tree: Directory, at: readonly string[], target: string): void {
  for (const [name, child] of sortedChildren(tree)) {
    const path = [...at, name]
    if (child.type === 'directory') linkAll(system, child, path, `${target}/${name}`)
    else addNode(system, path, { type: 'symlink', target: `${target}/${name}` })
  }
}

/** The header of a program for x86_64, which is all that anybody looks at of it: the image is not booted. */
const SHELL = `\x7fELF\x02\x01\x01${'\0'.repeat(9)}\x02\0\x3e\0\x01\0\0\0${'\0'.repeat(40)}`

function addSystemFiles(system: Directory, { path }: StorePath): void {
  const release = 'ID=nixos\nNAME=NixOS\nPRETTY_NAME="A closure to measure with"\nVERSION_ID="26.05"\n'
  addNode(system, ['etc', 'os-release'], { type: 'file', contents: release, executable: false })
  addNode(system, ['shell'], { type: 'file', contents: SHELL, executable: true })
  addNode(system, ['init'], { type: 'file', contents: `#!${path}/shell\n`, executable: true })
  addNode(system, ['system'], { type: 'file', contents: 'x86_64-linux', executable: false })
}

// Sorted, as closureInfo has it.
function writeClosureInfo(folder: string, infos: readonly PathInfo[]): void {
  const sorted = infos.toSorted((a, b) => compareStorePaths(a.path, b.path))
  writeFileSync(join(folder, 'registration'), formatRegistration(sorted))
  writeFileSync(join(folder, 'store-paths'), sorted.map(({ path }) => `${path.path}\n`).join(''))
}
