import { existsSync, readlinkSync, realpathSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type ByteString, encodeText } from '../bytes/index.ts'
import { LINKS_MAX } from '../disk/index.ts'
import { DEFAULT_STORE_DIR, parseStorePath, type StorePath } from '../nix/index.ts'
import { StoreError } from './errors.ts'
import type { StoreFolders } from './store-url.ts'

/** A store and where its files are: they need not lie where store paths say, as in a chroot store. */
export interface StoreLocation {
  /** The folder that store paths begin with, `/nix/store`. */
  readonly storeDir: string
  /** The folder on this machine that holds the entries. */
  readonly physicalDir: string
  /** The folder in which Nix keeps what it knows of the store, `/nix/var/nix`. */
  readonly state: string
  /** The database of the store, whether or not it is there. */
  readonly database: string
}

/**
 * The store below `root`, the folder that stands for `/`: `root/nix/store` with `root/nix/var/nix/db`. The folders `real`
 * and `state` replace the first and `root/nix/var/nix`.
 */
export function locateStore(root = '/', { real, state }: Omit<StoreFolders, 'root'> = {}): StoreLocation {
  const storeDir = DEFAULT_STORE_DIR
  const base = resolve(root)
  const stateDir = state ?? join(base, '/nix/var/nix')
  return {
    storeDir,
    physicalDir: realPath(real ?? join(base, storeDir)),
    state: stateDir,
    database: join(stateDir, 'db/db.sqlite'),
  }
}

/** With its symlinks followed, so that two ways to a folder compare as one; as it is where it does not exist. */
function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

/** Where the files of a store path are. */
export function physicalPath(location: StoreLocation, path: StorePath): ByteString {
  return encodeText(join(location.physicalDir, path.baseName))
}

/**
 * The store path that someone means by `input`: a store path, something inside one, or a symlink to either, such as
 * `./result`. Links are read one by one, since in a store that lies elsewhere their targets do not exist here. Throws
 * `StoreError` ROOT_NOT_IN_STORE.
 */
export function resolveRoot(location: StoreLocation, input: string): StorePath {
  let path = resolve(input)
  for (let links = 0; links < LINKS_MAX; links++) {
    const inside = insideStore(location, path)
    if (inside) return inside
    const next = expandFirstLink(path)
    if (next === undefined) break
    path = next
  }
  const why = existsSync(input) ? 'it is no store path and no link to one' : 'no such file'
  throw new StoreError(
    'ROOT_NOT_IN_STORE',
    input,
    `${input}: not in the store ${location.physicalDir}: ${why}; give a store path or a link to one, such as ./result`,
  )
}

function insideStore({ storeDir, physicalDir }: StoreLocation, path: string): StorePath | undefined {
  for (const folder of [storeDir, physicalDir]) {
    if (!path.startsWith(`${folder}/`)) continue
    const baseName = path.slice(folder.length + 1).split('/', 1)[0]
    return parseStorePath(`${storeDir}/${baseName}`, storeDir)
  }
  return undefined
}

/** The path with the first symlink on the way replaced by its target; `undefined` if there is none. */
function expandFirstLink(path: string): string | undefined {
  const names = path.split('/').slice(1)
  for (let depth = 1; depth <= names.length; depth++) {
    const prefix = `/${names.slice(0, depth).join('/')}`
    try {
      return resolve(dirname(prefix), readlinkSync(prefix), ...names.slice(depth))
    } catch {
      // Not a link, or not there at all: then nor is anything below it.
    }
  }
  return undefined
}
