import { lstatSync } from 'node:fs'
import { joinNames } from '../bytes/index.ts'
import { isMissing, reasonOf } from '../disk/index.ts'
import type { PathInfo, StorePath } from '../nix/index.ts'
import { type Closure, completePaths } from './closure.ts'
import { StoreError } from './errors.ts'
import { physicalPath, type StoreLocation } from './location.ts'
import { nodeOnDisk } from './node.ts'

/**
 * A closure whose files are in a store on this machine. Throws as {@link completePaths}, and `StoreError`
 * STORE_PATH_MISSING for a path whose files are not there.
 */
export function localClosure(location: StoreLocation, infos: Iterable<PathInfo>): Closure {
  const paths = completePaths(infos)
  for (const { path } of paths) checkPresent(location, path)
  return {
    storeDir: location.storeDir,
    paths,
    contentsOf: path => ({ type: 'files', path: physicalPath(location, path) }),
    supply: { access: {}, cacheUrls: [] },
    warnings: [],
    async nodeAt(path, names) {
      try {
        return nodeOnDisk(joinNames([physicalPath(location, path), ...names]))
      } catch (error) {
        if (isMissing(error)) return undefined
        throw error
      }
    },
  }
}

function checkPresent(location: StoreLocation, path: StorePath): void {
  const file = physicalPath(location, path)
  try {
    lstatSync(Buffer.from(file, 'latin1'))
  } catch (error) {
    throw new StoreError(
      'STORE_PATH_MISSING',
      path.path,
      `${path.path}: in the closure, but not in ${location.physicalDir}: ${reasonOf(error)}; ` +
        'repair it (nix-store --repair-path), copy it there, or name the folder of the store that has it (--store DIR)',
      { cause: error },
    )
  }
}
