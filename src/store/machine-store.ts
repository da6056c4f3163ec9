/** The store of this machine: the one that Nix uses when it is not told another. */
import { accessSync, constants, lstatSync, statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { homeFolder } from '../home-folder.ts'
import { locateStore, type StoreLocation } from './location.ts'
import { askStoreUrl } from './nix-commands.ts'
import { parseStoreUrl } from './store-url.ts'

/** A store that Nix is set to use. */
export interface MachineStore extends StoreLocation {
  /** As Nix is told of it, such as `auto`. */
  readonly url: string
  /**
   * `files`: its files and its database are in the location. `daemon`: its files are there, and a daemon knows about them.
   * `remote`: neither is on this machine, and the location is where a store of this machine would be.
   */
  readonly reach: 'files' | 'daemon' | 'remote'
}

/** The environment variables that decide where a store is. */
type Environment = Readonly<Record<string, string | undefined>>

/**
 * Finds the store of this machine. The `nix` on PATH says what it is set to use, by whatever file or variable. Without a
 * `nix` only `NIX_REMOTE` is read, and no nix.conf: its syntax is that of one version of Nix or another, and where its
 * `store` matters there is a Nix.
 */
export async function locateMachineStore(signal?: AbortSignal): Promise<MachineStore> {
  return storeOfUrl((await askStoreUrl(signal)) ?? process.env.NIX_REMOTE ?? 'auto')
}

/** The store that a URL names, as Nix resolves it (nix: src/libstore/store-registration.cc, resolveStoreConfig). */
export function storeOfUrl(url: string, environment: Environment = process.env): MachineStore {
  const { reach, ...folders } = parseStoreUrl(url)
  if (reach === 'remote') return { ...locateStore(), url, reach }
  const state = folders.state ?? (folders.root === undefined ? environment.NIX_STATE_DIR || undefined : undefined)
  const stated = locateStore(folders.root, { ...folders, state })
  if (reach !== 'auto') return { ...stated, url, reach }
  if (isAccessible(stated.state)) return { ...stated, url, reach: 'files' }
  if (isThere(environment.NIX_DAEMON_SOCKET_PATH || DAEMON_SOCKET)) return { ...stated, url, reach: 'daemon' }
  const rootless = Object.keys(folders).length === 0 ? rootlessStore(stated.state, environment) : undefined
  return { ...(rootless === undefined ? stated : locateStore(rootless)), url, reach: 'files' }
}

const DAEMON_SOCKET = '/nix/var/nix/daemon-socket/socket'

/**
 * The root of the store that Nix makes in the home of a user who is not root, where there is none for all users;
 * `undefined` if Nix would not use it, or has not made it yet.
 */
function rootlessStore(state: string, environment: Environment): string | undefined {
  const { NIX_STORE_DIR, NIX_STATE_DIR, NIX_DATA_HOME, XDG_DATA_HOME } = environment
  if (process.geteuid?.() === 0 || NIX_STORE_DIR !== undefined || NIX_STATE_DIR !== undefined) return undefined
  if (isThere(state)) return undefined
  const share = XDG_DATA_HOME ?? below(homeOf(environment), '.local/share')
  const root = below(NIX_DATA_HOME ?? below(share, 'nix'), 'root')
  return root !== undefined && isThere(root) ? root : undefined
}

function below(folder: string | undefined, name: string): string | undefined {
  return folder === undefined ? undefined : join(folder, name)
}

/** The home as Nix finds it: `HOME` does not count if it is somebody else's, as under sudo. */
function homeOf({ HOME }: Environment): string | undefined {
  if (HOME === undefined) return homeFolder()
  const owner = statSync(HOME, { throwIfNoEntry: false })?.uid
  if (owner === undefined || owner === process.geteuid?.()) return HOME
  try {
    return userInfo().homedir
  } catch {
    // A user without an entry in the user database.
    return HOME
  }
}

function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined
  } catch {
    return false
  }
}

function isAccessible(folder: string): boolean {
  try {
    accessSync(folder, constants.R_OK | constants.W_OK)
    return true
  } catch {
    return false
  }
}
