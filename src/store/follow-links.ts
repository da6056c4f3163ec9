import { type ByteString, decodeText, encodeText } from '../bytes/index.ts'
import { LINKS_MAX, reasonOf } from '../disk/index.ts'
import { type FileNode, type Found, type Lookup, type Resolution, resolvePath, wholeContents } from '../tree/index.ts'
import type { Closure } from './closure.ts'
import { StoreError } from './errors.ts'
import { SMALL_FILE, STORE_DIRECTORY } from './node.ts'

/** A lookup in an image of the closure: in its store, and by `outside` elsewhere. */
export function lookupIn(closure: Closure, outside: Lookup = async () => undefined): Lookup {
  const members = new Map(closure.paths.map(({ path }) => [path.baseName, path]))
  const store = `${closure.storeDir.slice(1)}/`
  return async path => {
    if (store.startsWith(`${path}/`)) return STORE_DIRECTORY
    const [name = '', ...names] = path.startsWith(store) ? path.slice(store.length).split('/') : []
    const member = members.get(name)
    return member ? closure.nodeAt(member, names) : outside(path)
  }
}

/**
 * Follows a path (such as `/nix/store/HASH-system/etc/os-release`) through symlinks, as the kernel of a machine does that
 * the image boots. Throws `StoreError` LINK_UNRESOLVED.
 */
export async function followLinks(closure: Closure, path: string): Promise<Found> {
  const found = await resolveInMachine(lookupIn(closure), path)
  if (found.node) return found
  throw unresolved(path, problemOf(found, closure))
}

/** The same by a lookup, but `undefined` where a path leads nowhere. */
export async function whereLeads(lookup: Lookup, path: string): Promise<Found | undefined> {
  try {
    const found = await resolveInMachine(lookup, path)
    return found.node && found
  } catch (error) {
    if (error instanceof StoreError) return undefined
    throw error
  }
}

async function resolveInMachine(lookup: Lookup, path: string): Promise<Resolution> {
  try {
    return await resolvePath(lookup, encodeText(path), LINKS_MAX)
  } catch (error) {
    // System calls fail with errors that do not say what was wanted; all others do.
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    throw unresolved(path, reasonOf(error))
  }
}

/** The contents of a small file that a path led to. Throws `StoreError` FILE_TOO_LARGE. */
export function readSmall({ path, node }: { readonly path: ByteString; readonly node: FileNode }): Uint8Array {
  const contents = wholeContents(node)
  if (contents) return contents
  const place = `/${decodeText(path)}`
  const message = `${place}: has ${node.size} bytes, where a small file is expected (up to ${SMALL_FILE} bytes)`
  throw new StoreError('FILE_TOO_LARGE', place, message)
}

function problemOf({ path, problem }: Resolution, { paths }: Closure): string {
  const place = `/${decodeText(path)}`
  if (problem === 'loop') return `more than ${LINKS_MAX} symlinks lead on from there`
  if (problem === 'not-a-directory') return `${place.slice(0, place.lastIndexOf('/'))} is not a directory`
  const isInside = paths.some(({ path }) => `${place}/`.startsWith(`${path.path}/`))
  return isInside ? `no such file or directory: ${place}` : `it leads to ${place}, outside of the closure`
}

function unresolved(path: string, why: string): StoreError {
  return new StoreError('LINK_UNRESOLVED', path, `${path}: cannot be resolved inside the closure: ${why}`)
}
