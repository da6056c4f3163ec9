/** Where the files of a package lie, and what they are called. */
import { CATALOGS_PER_FAMILY, type PackagePlan, planFileSizes } from './closure-model.ts'
import type { FileContents, FileKind } from './contents.ts'
import { pick, type Random } from './random.ts'

/** A node of a store path: contents to be made or text, a link, or a directory. */
export type TreeNode =
  | { readonly type: 'file'; readonly contents: FileContents | string; readonly executable: boolean }
  | { readonly type: 'symlink'; readonly target: string }
  | Directory

/** A directory, to which nodes may be added. */
export interface Directory {
  readonly type: 'directory'
  readonly children: Map<string, TreeNode>
}

/** What a package's contents depend on besides its plan. */
export interface PackageTreeOptions {
  readonly random: Random
  readonly words: readonly string[]
  /** Of the closure: every package of it has other contents in another one. */
  readonly label: string
  /** What its ELF files mention. */
  readonly mentions: string
}

/** An empty directory. */
export function createDirectory(): Directory {
  return { type: 'directory', children: new Map() }
}

/** Adds a node at a path, with the directories it needs. Throws where there is a node that is no directory. */
export function addNode(root: Directory, path: readonly string[], node: TreeNode): void {
  const parent = path.slice(0, -1).reduce((directory, name) => openDirectory(directory, name), root)
  const name = path[path.length - 1]!
  if (parent.children.has(name)) throw new Error(`two nodes at ${path.join('/')}`)
  parent.children.set(name, node)
}

function openDirectory({ children }: Directory, name: string): Directory {
  const child = children.get(name) ?? createDirectory()
  if (child.type !== 'directory') throw new Error(`${name} is no directory`)
  children.set(name, child)
  return child
}

/** The names of a directory in the order of a NAR: they are ASCII, so that of `<`. */
export function sortedChildren({ children }: Directory): [string, TreeNode][] {
  return [...children].sort(([a], [b]) => (a < b ? -1 : 1))
}

/** A share of the bytes that is less than this is given up: a file of some bytes is no use. */
const SHARE_MIN = 64
const LANGUAGES =
  'af ar bg ca cs da de el en_GB eo es et eu fi fr ga gl hr hu id it ja ko lt lv nb nl pl pt ro ru sk'.split(' ')
const EXTENSIONS = ['c', 'h', 'py', 'pm', 'txt', 'vim', 'html', 'js', 'cmake', 'conf']

/** Lays out a package. `version` is that of the plan or a later one. */
export function layOutPackage(plan: PackagePlan, version: string, options: PackageTreeOptions): Directory {
  const root = createDirectory()
  for (const kind of KINDS) {
    const budget = Math.floor((plan.size * plan.shares[kind]) / 1000)
    if (budget < SHARE_MIN) continue
    const placeOf = createPlaces(kind, plan, options)
    planFileSizes(kind, budget, options.random).forEach((size, i) => {
      const { path, links = [] } = placeOf(i)
      const contents: FileContents = { kind, size, ...labelsOf(kind, plan, version, i, options) }
      addNode(root, path, { type: 'file', contents, executable: kind === 'elf' })
      for (const link of links) addNode(root, [...path.slice(0, -1), link], { type: 'symlink', target: path.at(-1)! })
    })
  }
  return root
}

const KINDS: readonly FileKind[] = ['elf', 'text', 'catalog', 'packed', 'table']

// Another version changes every other file.
function labelsOf(kind: FileKind, { stem }: PackagePlan, version: string, i: number, options: PackageTreeOptions) {
  const { label, mentions } = options
  const base = `${label} ${stem} ${kind}`
  return {
    label: i % 2 === 0 ? `${base} ${i} ${version}` : `${base} ${i}`,
    family: `${base} ${Math.floor(i / CATALOGS_PER_FAMILY)}`,
    mentions,
  }
}

interface Place {
  readonly path: readonly string[]
  /** Names beside it that point to it. */
  readonly links?: readonly string[]
}

// No two packages have a path in common, and so all of them fit into one `sw`: the stem or a number sees to that.
function createPlaces(kind: FileKind, { stem }: PackagePlan, { random, words }: PackageTreeOptions) {
  const word = () => pick(random, words)
  const named = (i: number) => (i === 0 ? stem : `${stem}-${word()}${i}`)
  const folders = createFolders(random, words)
  const places: Record<FileKind, (i: number) => Place> = {
    elf: i => {
      const name = named(i)
      if (random.below(3) === 0) return { path: ['bin', name] }
      if (i > 0 && random.below(2) === 0) return { path: ['lib', stem, `${word()}${i}.so`] }
      return { path: ['lib', `lib${name}.so.1.0`], links: [`lib${name}.so`, `lib${name}.so.1`] }
    },
    text: i => ({ path: ['share', stem, ...folders(), `${word()}${i}.${pick(random, EXTENSIONS)}`] }),
    catalog: i => {
      const language = LANGUAGES[i % CATALOGS_PER_FAMILY]!
      const family = named(Math.floor(i / CATALOGS_PER_FAMILY) * CATALOGS_PER_FAMILY)
      return { path: ['share', 'locale', language, 'LC_MESSAGES', `${family}-${i}.mo`] }
    },
    packed: i => {
      const section = 1 + random.below(8)
      const name = `${named(i)}.${section}.gz`
      const links = random.below(8) === 0 ? [`alias-${name}`] : []
      if (random.below(3) === 0) return { path: ['share', 'doc', stem, ...folders(), name], links }
      return { path: ['share', 'man', `man${section}`, name], links }
    },
    table: i => ({ path: ['lib', stem, `${word()}${i}.a`] }),
  }
  return places[kind]
}

/** Of files in a row one in so many goes to another folder. With the other folders, there are 3.5 files in one. */
const FOLDER_ONE_IN = 8
const DEPTH_MAX = 5

function createFolders(random: Random, words: readonly string[]): () => readonly string[] {
  let path: string[] = []
  return () => {
    if (random.below(FOLDER_ONE_IN) !== 0) return path
    path = [...path.slice(0, random.below(DEPTH_MAX)), pick(random, words)]
    return path
  }
}
