import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ClosureSource } from '../src/index.ts'
import { encodeNixBase32 } from '../src/nix/index.ts'
import { makeTree } from './make-tree.ts'
import { narOfTree, type Tree } from './unit/nix/nar-support.ts'

/** What Nix holds a store path to. */
export interface NarInfo {
  /** SHA-256 of the NAR, base 16. */
  readonly narHash: string
  readonly narSize: number
}

/** What a closureInfo folder says of a store path, without the path. */
export interface Registered extends NarInfo {
  readonly references: readonly string[]
}

/** A store below a folder of its own, with the closureInfo of all that is in it. */
export interface ChrootStore {
  /** The folder that stands for `/`. */
  readonly root: string
  /** What to give as the source of a spec. */
  readonly source: Required<Pick<ClosureSource, 'store' | 'closureInfo'>>
  /** Puts a tree into the store, registers it, and returns its store path. */
  add(name: string, tree: Tree, references?: readonly string[]): string
  /** Registers a store path, or changes what is registered of it. */
  register(path: string, info: Registered): void
  /** The file on disk of a path in the store. */
  file(path: string): string
}

/** Makes an empty chroot store in `folder/root`, and its closureInfo in `folder/info`. */
export function createChrootStore(folder: string): ChrootStore {
  const root = join(folder, 'root')
  const closureInfo = join(folder, 'info')
  mkdirSync(join(root, 'nix/store'), { recursive: true })
  mkdirSync(closureInfo, { recursive: true })
  const registered = new Map<string, Registered>()
  const store: ChrootStore = {
    root,
    source: { store: root, closureInfo },
    add(name, tree, references = []) {
      const path = storePathOf(name)
      makeTree(Buffer.from(store.file(path)), tree)
      store.register(path, { ...narInfoOf(tree), references })
      return path
    },
    register(path, info) {
      registered.set(path, info)
      writeClosureInfo(closureInfo, registered)
    },
    file: path => join(root, path),
  }
  writeClosureInfo(closureInfo, registered)
  return store
}

/** A store path with that name; the same name gives the same path. */
export function storePathOf(name: string): string {
  const digest = encodeNixBase32(new Uint8Array(createHash('sha256').update(name).digest().subarray(0, 20)))
  return `/nix/store/${digest}-${name}`
}

const known = new WeakMap<Tree, NarInfo>()

/** NAR hash and size of a tree, which are reckoned once for each. */
export function narInfoOf(tree: Tree): NarInfo {
  const info = known.get(tree) ?? hashNar(narOfTree(tree))
  known.set(tree, info)
  return info
}

function hashNar(nar: Uint8Array): NarInfo {
  return { narHash: createHash('sha256').update(nar).digest('hex'), narSize: nar.length }
}

/** Writes `store-paths` and `registration`. */
export function writeClosureInfo(folder: string, paths: ReadonlyMap<string, Registered>): void {
  let registration = ''
  for (const [path, { narHash, narSize, references }] of paths) {
    registration += [path, narHash, narSize, '', references.length, ...references].map(line => `${line}\n`).join('')
  }
  writeFileSync(join(folder, 'registration'), registration)
  writeFileSync(join(folder, 'store-paths'), [...paths.keys()].map(path => `${path}\n`).join(''))
}
