import { type ByteString, byteString, decodeText, encodeText, joinNames } from '../bytes/index.ts'
import { reasonOf } from '../disk/index.ts'
import type { Closure } from './closure.ts'
import { StoreError } from './errors.ts'
import { LINKS_MAX } from './location.ts'
import type { StoreNode } from './node.ts'

/** Where symlinks lead. */
export interface Destination {
  /** As it stands in the image, such as `/nix/store/HASH-os-release`. */
  readonly path: ByteString
  readonly node: StoreNode
}

/** What stands at an absolute path outside of the store; `undefined` if nothing is known to. */
export type Outside = (path: ByteString) => StoreNode | undefined

/**
 * What the path (such as `/nix/store/HASH-system/etc/os-release`) leads to once every symlink on the way is followed, as
 * it would be inside the image: through other store paths and what is `outside` of them. Throws `StoreError`
 * LINK_UNRESOLVED.
 */
export async function followLinks(
  closure: Closure,
  path: string,
  outside: Outside = () => undefined,
): Promise<Destination> {
  const members = new Map(closure.paths.map(info => [info.path.baseName, info.path]))
  const store = closure.storeDir.slice(1).split('/')
  const done: ByteString[] = []
  const left = encodeText(path).split('/').reverse()
  let node: StoreNode = { type: 'directory' }
  let links = 0
  while (left.length > 0) {
    const name = left.pop()!
    if (name === '' || name === '.') continue
    if (name === '..') {
      done.pop()
      node = { type: 'directory' }
      continue
    }
    if (node.type !== 'directory') throw unresolved(path, `/${decodeText(joinNames(done))} is not a directory`)
    done.push(name)
    const depth = done.length
    const onTheWay = depth <= store.length && done.every((part, i) => part === store[i])
    if (onTheWay) continue
    const inStore = depth > store.length && store.every((part, i) => part === done[i])
    const member = inStore ? members.get(done[store.length]) : undefined
    const place = `/${decodeText(joinNames(done))}`
    const found = member
      ? await lookUp(() => closure.nodeAt(member, done.slice(store.length + 1)), path)
      : outside(byteString`/${joinNames(done)}`)
    if (!found && !member) throw unresolved(path, `it leads to ${place}, outside of the closure`)
    if (!found) throw unresolved(path, `no such file or directory: ${place}`)
    node = found
    if (node.type !== 'symlink') continue
    if (++links > LINKS_MAX) throw unresolved(path, `more than ${LINKS_MAX} symlinks lead on from there`)
    const { target } = node
    node = { type: 'directory' }
    if (target.startsWith('/')) done.length = 0
    else done.pop()
    left.push(...target.split('/').reverse())
  }
  return { path: byteString`/${joinNames(done)}`, node }
}

/** The same, but `undefined` where a path leads nowhere. */
export async function whereLeads(closure: Closure, path: string, outside?: Outside): Promise<Destination | undefined> {
  try {
    return await followLinks(closure, path, outside)
  } catch (error) {
    if (error instanceof StoreError) return undefined
    throw error
  }
}

/** System calls fail with errors that say nothing of what was wanted; all others do. */
async function lookUp(find: () => Promise<StoreNode | undefined>, path: string): Promise<StoreNode | undefined> {
  try {
    return await find()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    throw unresolved(path, reasonOf(error))
  }
}

function unresolved(path: string, why: string): StoreError {
  return new StoreError('LINK_UNRESOLVED', path, `${path}: cannot be resolved inside the closure: ${why}`)
}
