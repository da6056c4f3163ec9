import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type PathInfo, parseRegistration } from '../nix/index.ts'
import type { Files } from './contenders.ts'
import { type GeneratedClosure, type GenerateOptions, generateClosure, writeClosureInfo } from './generate.ts'
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

/** Finds the closure, or makes it in `folder`. Rejects when aborted. */
export async function openClosure(
  closure: NamedClosure | GenerateOptions,
  folder: string,
  signal: AbortSignal,
): Promise<BenchClosure> {
  if ('size' in closure) {
    const { root, changed, ...made } = await generateClosure(join(folder, 'closure'), closure, signal)
    const argsOf = ({ closureInfo, toplevel }: GeneratedClosure) => {
      return ['--store', root, '--closure-info', closureInfo, '--toplevel', toplevel]
    }
    return {
      what: `a generated closure (seed ${closure.seed})`,
      root,
      args: argsOf(made),
      changedArgs: argsOf(changed),
    }
  }
  const { toplevel, changed, store } = closure
  const argsOf = (path: string) => [...(store === undefined ? [] : ['--store', store]), '--toplevel', path]
  const changedArgs = changed === undefined ? undefined : argsOf(changed)
  return { what: toplevel, root: store ?? '/', args: argsOf(toplevel), changedArgs }
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
 * Writes a closureInfo of about `part` of the bytes of a closure to `folder`, and returns the options that name it: the first
 * store paths, with the one that reaches this size, however large it is. What is left out is taken out of the references of
 * what is not.
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
  writeClosureInfo(folder, closed)
  return ['--store', files.root, '--closure-info', folder]
}
