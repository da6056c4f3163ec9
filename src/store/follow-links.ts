import { lstatSync, readlinkSync } from 'node:fs'
import { type ByteString, byteStringOfText, textOfByteString } from '../bytes/index.ts'
import type { Closure } from './closure.ts'
import { reasonOf, StoreError } from './errors.ts'
import { LINKS_MAX } from './location.ts'

/**
 * Where the file `path` (such as `/nix/store/HASH-system/etc/os-release`) is on disk once every symlink on the way is
 * followed, as it would be inside the image: through other store paths, but not out of the closure. Throws
 * `StoreError` LINK_UNRESOLVED.
 */
export function followLinks(closure: Closure, path: string): Buffer {
  const { storeDir, physicalDir } = closure.location
  const members = new Set(closure.paths.map(info => info.path.baseName))
  const store = storeDir.slice(1).split('/')
  const done: ByteString[] = []
  const left = byteStringOfText(path).split('/').reverse()
  const onDisk = () => Buffer.from([byteStringOfText(physicalDir), ...done.slice(store.length)].join('/'), 'latin1')
  let links = 0
  while (left.length > 0) {
    const name = left.pop()!
    if (name === '' || name === '.') continue
    if (name === '..') {
      done.pop()
      continue
    }
    done.push(name)
    const depth = done.length
    const onTheWay = depth <= store.length && done.every((part, i) => part === store[i])
    if (onTheWay) continue
    const member = depth > store.length && store.every((part, i) => part === done[i]) && members.has(done[store.length])
    if (!member) throw unresolved(path, `it leads to /${textOfByteString(done.join('/'))}, outside of the closure`)
    const target = readLink(path, onDisk())
    if (target === undefined) continue
    if (++links > LINKS_MAX) throw unresolved(path, `more than ${LINKS_MAX} symlinks lead on from there`)
    if (target.startsWith('/')) done.length = 0
    else done.pop()
    left.push(...target.split('/').reverse())
  }
  return onDisk()
}

function readLink(path: string, file: Buffer): ByteString | undefined {
  try {
    return lstatSync(file).isSymbolicLink() ? readlinkSync(file, 'latin1') : undefined
  } catch (error) {
    throw unresolved(path, reasonOf(error))
  }
}

function unresolved(path: string, why: string): StoreError {
  return new StoreError('LINK_UNRESOLVED', path, `${path}: cannot be resolved inside the closure: ${why}`)
}
