import type { PathInfo, StorePath } from '../nix/index.ts'
import { readDatabase } from './database.ts'
import { StoreError } from './errors.ts'
import type { StoreLocation } from './location.ts'
import { askNix, askNixStore } from './nix-commands.ts'

/**
 * The closure of `roots` in the store of this machine, from the first that knows: `nix`, `nix-store`, the database.
 * Throws `StoreError` STORE_UNREADABLE with what each of them said.
 */
export async function askLocalStore(
  location: StoreLocation,
  roots: readonly StorePath[],
  signal?: AbortSignal,
): Promise<PathInfo[]> {
  const refusals: string[] = []
  for (const ask of [askNix, askNixStore, async () => readDatabase(location, roots)]) {
    try {
      return await ask(roots, location.storeDir, signal)
    } catch (error) {
      signal?.throwIfAborted()
      refusals.push(error instanceof Error ? error.message : String(error))
    }
  }
  throw new StoreError(
    'STORE_UNREADABLE',
    location.physicalDir,
    `the closure of ${roots.map(root => root.path).join(', ')} cannot be found in ${location.physicalDir}:\n` +
      refusals.map(refusal => `  ${refusal}`).join('\n'),
  )
}
