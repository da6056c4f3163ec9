/**
 * The store that Nix is set to use, as its URL (nix: src/libstore/store-reference.cc, doc/manual/source/store/types).
 *
 *     url   = base [ "?" { NAME "=" VALUE } ]                 "&" between the parameters, both sides percent-encoded
 *     base  = "" | "auto" | "local" | "daemon"
 *           | PATH                                            a chroot store; a relative path has a "/" in it
 *           | "local://" [ PATH ] | "unix://" [ SOCKET ] | SCHEME "://" REST
 *
 *     root    the folder that stands for /        real    the folder with the files
 *     state   the folder with the database's      all others do not say where a store is
 */

import { resolve } from 'node:path'
import { decodePercent } from '../decode-percent.ts'

/** Where a store URL says that the store is. */
export interface StoreUrl extends StoreFolders {
  /** `files`: Nix opens it itself. `remote`: it is on another machine, or a binary cache. */
  readonly reach: 'auto' | 'files' | 'daemon' | 'remote'
}

/** The folders of a store that are not where they are by default. */
export interface StoreFolders {
  readonly root?: string
  readonly state?: string
  readonly real?: string
}

/** How Nix reaches a store, by what stands in front of `://`. */
const REACH_BY_SCHEME: ReadonlyMap<string, StoreUrl['reach']> = new Map([
  ['local', 'files'],
  ['local-overlay', 'files'],
  ['unix', 'daemon'],
  // The files of the other machine's store are mounted here.
  ['mounted-ssh-ng', 'daemon'],
])

/** Reads a store URL of any version of Nix, as in `NIX_REMOTE`. A scheme that is not known is taken as remote. */
export function parseStoreUrl(url: string): StoreUrl {
  const [base, query = ''] = splitOnce(url, '?')
  const folders = readFolders(query)
  if (base === '' || base === 'auto') return { reach: 'auto', ...folders }
  if (base === 'local') return { reach: 'files', ...folders }
  if (base === 'daemon') return { reach: 'daemon', ...folders }
  const [scheme, rest] = splitOnce(base, '://')
  if (rest === undefined) return base.includes('/') ? { reach: 'files', ...folders, root: resolve(base) } : REMOTE
  const reach = REACH_BY_SCHEME.get(scheme)
  if (reach === undefined) return REMOTE
  return { reach, ...folders, ...(scheme === 'local' && rest !== '' && { root: resolve(decodePercent(rest)) }) }
}

const REMOTE: StoreUrl = { reach: 'remote' }

function readFolders(query: string): StoreFolders {
  const parameters = query.split('&').map(parameter => splitOnce(parameter, '=').map(part => decodePercent(part ?? '')))
  const given = new Map(parameters.map(([name = '', value = '']) => [name, value]))
  const folder = (name: keyof StoreFolders) => {
    const value = given.get(name)
    return value ? { [name]: resolve(value) } : {}
  }
  return { ...folder('root'), ...folder('state'), ...folder('real') }
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)]
}
