import { lstatSync } from 'node:fs'
import { describeUrl } from '../describe-url.ts'
import { isMissing } from '../disk/index.ts'
import type { PathInfo, StorePath } from '../nix/index.ts'
import { readDatabase } from './database.ts'
import { StoreError } from './errors.ts'
import { physicalPath, type StoreLocation } from './location.ts'
import type { MachineStore } from './machine-store.ts'
import { askInvalid, askNix, askNixStore } from './nix-commands.ts'

/**
 * The closure of `roots` in the store of this machine, from the first that knows: `nix`, `nix-store`, the database.
 * Resolves to `undefined` if the store has none of them. Throws `StoreError` STORE_UNREADABLE with the message of each.
 */
export async function askLocalStore(
  store: MachineStore,
  roots: readonly StorePath[],
  signal?: AbortSignal,
): Promise<PathInfo[] | undefined> {
  if (store.reach === 'remote') throw remote(store)
  const refusals: string[] = []
  for (const ask of [askNix, askNixStore, async () => readDatabase(store, roots)]) {
    try {
      return await ask(roots, store.storeDir, signal)
    } catch (error) {
      signal?.throwIfAborted()
      refusals.push(error instanceof Error ? error.message : String(error))
    }
  }
  if (roots.every(root => isAbsent(() => lstatSync(fileOf(store, root)))) && (await knowsNone(store, roots, signal))) {
    return undefined
  }
  throw new StoreError('STORE_UNREADABLE', store.physicalDir, [
    `the closure of ${roots.map(root => root.path).join(', ')} cannot be found in ${store.physicalDir}:`,
    ...refusals.flatMap(refusal => refusal.split('\n')).map(line => `  ${line}`),
  ])
}

/** Whether the store says that none of these paths is valid; a store that does not answer has not said so. */
async function knowsNone(store: MachineStore, roots: readonly StorePath[], signal?: AbortSignal): Promise<boolean> {
  try {
    return (await askInvalid(roots, signal)).length === roots.length
  } catch {
    signal?.throwIfAborted()
  }
  // Where Nix never wrote a database there is no store, unless it belongs to a daemon.
  if (store.reach === 'files' && isAbsent(() => lstatSync(store.database))) return true
  return roots.every(root => isUnknown(store, root))
}

/** Whether the database is there and does not have the path. */
function isUnknown(store: StoreLocation, root: StorePath): boolean {
  try {
    readDatabase(store, [root])
    return false
  } catch (error) {
    return error instanceof StoreError && error.code === 'CLOSURE_INCOMPLETE'
  }
}

function fileOf(store: StoreLocation, root: StorePath): Buffer {
  return Buffer.from(physicalPath(store, root), 'latin1')
}

/** Whether a file does not exist. One that this user may not see counts as existing. */
function isAbsent(look: () => unknown): boolean {
  try {
    look()
    return false
  } catch (error) {
    return isMissing(error)
  }
}

function remote({ url, physicalDir }: MachineStore): StoreError {
  const message =
    `the store that Nix is set to use, ${describeUrl(url)}, is not on this machine; ` +
    `copy the closure here (nix copy --from) and set NIX_REMOTE=local, or give a binary cache (--store URL)`
  return new StoreError('STORE_UNREADABLE', physicalDir, message)
}
