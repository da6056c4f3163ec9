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
import { type PackagePlan, planFiles, planPackages } from './closure-shape.ts'
import { createRandom, type Random } from './random.ts'
import { KINDS, type Kind, openTapes } from './real-bytes.ts'
import { addNode, type Directory, sortedChildren, writeTree } from './store-writer.ts'

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
 * Makes a closure in `folder`, which must be empty or missing. The same options give the same store paths and bytes with
 * the same Node and dependencies. Two closures that differ in `bumped` alone may be generated into two folders. Its directories are
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

/** Writes all store paths; the last one it returns is the toplevel. */
function writeStore(root: string, { size, seed, bumped }: Required<GenerateOptions>): PathInfo[] {
  const label = `${seed} ${size}`
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
  const changed = findChanged(plans)
  const paths = plans.map(({ path, stem, version }, i) => {
    return bumped && i === changed ? pathOf(label, stem, `${version}.1`) : path
  })
  const positions: Record<Kind, number> = { code: 0, text: 0, packed: 0 }
  for (const kind of KINDS) positions[kind] = random(tapes[kind].size)
  const system: Directory = new Map()
  const infos = plans.map((plan, i): PathInfo => {
    const tree: Directory = new Map()
    for (const [n, { kind, size, path, links }] of planFiles(plan, random, words).entries()) {
      // Another version changes every other file.
      const shift = bumped && i === changed && n % 2 === 0 ? tapes[kind].size / 2 : 0
      const at = positions[kind] + shift
      positions[kind] += size
      addNode(tree, path, { isExecutable: kind === 'code', read: () => tapes[kind].read(at, size) })
      for (const link of links) addNode(tree, [...path.slice(0, -1), link], path.at(-1)!)
    }
    linkAll(system, tree, ['sw'], paths[i]!.path)
    const references = [...planReferences(random, i, changed), i].map(each => paths[each]!).sort(compareStorePaths)
    return { path: paths[i]!, references, ...writeTree(root + paths[i]!.path, tree) }
  })
  const path = pathOf(`${label} ${paths[changed]!.path}`, 'nixos-system-bench', '26.05')
  addSystemFiles(system, path)
  return [...infos, { path, references: paths.toSorted(compareStorePaths), ...writeTree(root + path.path, system) }]
}

/** Bytes of text that names are taken from. */
const WORDS_FROM = 1 << 20

function pathOf(label: string, stem: string, version: string): StorePath {
  const name = `${stem}-${version}`
  const digest = createHash('sha256').update(`${label} ${name}`).digest().subarray(0, 20)
  return parseStorePath(`${DEFAULT_STORE_DIR}/${encodeNixBase32(digest)}-${name}`)
}

/** Bytes of the package that gets another version, about. */
const CHANGED_SIZE = 1_500_000

function findChanged(plans: readonly PackagePlan[]): number {
  const distance = ({ isProgram, size }: PackagePlan) => (isProgram ? Math.abs(size - CHANGED_SIZE) : Infinity)
  return plans.reduce((best, plan, i) => (distance(plan) < distance(plans[best]!) ? i : best), 0)
}

/** Mostly what many refer to. Nothing refers to the package that changes, else it would have to change, too. */
function planReferences(random: Random, index: number, changed: number): number[] {
  const references = new Set<number>()
  for (let i = random(6); i > 0 && index > 0; i--) references.add(Math.min(random(index), random(index), random(index)))
  references.delete(changed)
  return [...references]
}

/** As nixpkgs' buildEnv does, if no directory belonged to one package alone: a link for each file and link. */
function linkAll(system: Directory, tree: Directory, at: readonly string[], target: string): void {
  for (const [name, child] of sortedChildren(tree)) {
    const path = [...at, name]
    if (child instanceof Map) linkAll(system, child, path, `${target}/${name}`)
    else addNode(system, path, `${target}/${name}`)
  }
}

/** The header of a program for x86_64, which is all that anybody looks at of it: the image is not booted. */
const SHELL = `\x7fELF\x02\x01\x01${'\0'.repeat(9)}\x02\0\x3e\0\x01\0\0\0${'\0'.repeat(40)}`

function addSystemFiles(system: Directory, { path }: StorePath): void {
  const release = 'ID=nixos\nNAME=NixOS\nPRETTY_NAME="A closure to measure with"\nVERSION_ID="26.05"\n'
  const add = (path: readonly string[], text: string, isExecutable = false) => {
    addNode(system, path, { isExecutable, read: () => Buffer.from(text, 'latin1') })
  }
  add(['etc', 'os-release'], release)
  add(['shell'], SHELL, true)
  add(['init'], `#!${path}/shell\n`, true)
  add(['system'], 'x86_64-linux')
}

// Sorted, as closureInfo has it.
function writeClosureInfo(folder: string, infos: readonly PathInfo[]): void {
  const sorted = infos.toSorted((a, b) => compareStorePaths(a.path, b.path))
  writeFileSync(join(folder, 'registration'), formatRegistration(sorted))
  writeFileSync(join(folder, 'store-paths'), sorted.map(({ path }) => `${path.path}\n`).join(''))
}
