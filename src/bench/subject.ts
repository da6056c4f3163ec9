import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatRegistration, type PathInfo, parseRegistration } from '../nix/index.ts'
import type { Files } from './contenders.ts'
import { generateClosure } from './generate.ts'
import { readTarTree, type TarTree } from './tree-digest.ts'

/** The closure to measure on. */
export interface BenchClosure {
  /** A name for people. */
  readonly what: string
  /** The folder that stands for `/`. */
  readonly root: string
  /** Options of our command that name it. */
  readonly args: readonly string[]
  /** Options that name the same closure after a change; absent if there is none. */
  readonly changedArgs?: readonly string[]
}

/** A closure of the user's. */
export interface NamedClosure {
  readonly toplevel: string
  /** The toplevel of another version of it. */
  readonly changed?: string
  /** The root of a chroot store. Default: the store of this machine. */
  readonly store?: string
}

/** How to make a closure. */
export interface MadeClosure {
  /** Bytes of NAR, about. */
  readonly size: number
  readonly seed: number
}

/** The closure of a user. */
export function namedClosure({ toplevel, changed, store }: NamedClosure): BenchClosure {
  const where = store === undefined ? [] : ['--store', store]
  return {
    what: toplevel,
    root: store ?? '/',
    args: [...where, '--toplevel', toplevel],
    ...(changed !== undefined && { changedArgs: [...where, '--toplevel', changed] }),
  }
}

/** Makes a closure, and another version of it, in `folder`. */
export async function madeClosure(folder: string, { size, seed }: MadeClosure): Promise<BenchClosure> {
  const made = await generateClosure(join(folder, 'closure'), { size, seed })
  const bumped = await generateClosure(join(folder, 'changed'), { size, seed, bumped: true })
  const argsOf = ({ root, closureInfo, toplevel }: typeof made) => {
    return ['--store', root, '--closure-info', closureInfo, '--toplevel', toplevel]
  }
  return {
    what: `a generated closure (seed ${seed})`,
    root: made.root,
    args: argsOf(made),
    changedArgs: argsOf(bumped),
  }
}

/** A closure as our first build of it shows it. */
export interface Subject extends TarTree {
  readonly infos: readonly PathInfo[]
  readonly files: Files
}

/** Reads our plain tar of the closure, and lists its store paths for others, in `folder`. */
export async function readSubject(tar: string, root: string, folder: string): Promise<Subject> {
  const tree = await readTarTree(tar)
  const infos = parseRegistration(tree.registration ?? '')
  const list = join(folder, 'store-paths')
  writeFileSync(list, infos.map(({ path }) => `${path.path.slice(1)}\n`).join(''))
  return { ...tree, infos, files: { root, list } }
}

/**
 * Writes a closureInfo of about `part` of the bytes of a closure, its first store paths, to `folder`, and returns the options
 * that name it. What is left out is taken out of the references of what is not.
 */
export function writePart({ infos, files }: Subject, part: number, folder: string): string[] {
  const limit = part * infos.reduce((sum, { narSize }) => sum + narSize, 0)
  let size = 0
  const kept = infos.filter(({ narSize }) => {
    const before = size
    size += narSize
    return before < limit
  })
  const names = new Set(kept.map(({ path }) => path.path))
  const closed = kept.map(info => ({ ...info, references: info.references.filter(({ path }) => names.has(path)) }))
  mkdirSync(folder)
  writeFileSync(join(folder, 'store-paths'), kept.map(({ path }) => `${path.path}\n`).join(''))
  writeFileSync(join(folder, 'registration'), formatRegistration(closed))
  return ['--store', files.root, '--closure-info', folder]
}
