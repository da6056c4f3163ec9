/**
 * A `closureInfo` folder, as nixpkgs' pkgs/build-support/closure-info.nix writes it:
 *
 *     store-paths     one store path a line
 *     registration    a record of each for `nix-store --load-db`
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { withDescriptorSync } from '../descriptors.ts'
import { reasonOf } from '../disk/index.ts'
import { NixError, type NixErrorCode, type PathInfo, parseRegistration } from '../nix/index.ts'
import { StoreError } from './errors.ts'

/** Reads the records of a closureInfo folder. Throws `StoreError`, and `NixError` for a malformed registration. */
export function readClosureInfo(folder: string, storeDir: string): PathInfo[] {
  const infos = parseFile(join(folder, 'registration'), storeDir)
  const listed = readText(join(folder, 'store-paths')).split('\n').filter(Boolean)
  const registered = new Set(infos.map(info => info.path.path))
  const stray = listed.find(path => !registered.has(path)) ?? firstNotIn(registered, new Set(listed))
  if (stray === undefined) return infos
  const [has, lacks] = registered.has(stray) ? ['registration', 'store-paths'] : ['store-paths', 'registration']
  throw new StoreError(
    'CLOSURE_INCOMPLETE',
    stray,
    `${folder}: ${stray} stands in ${has} but not in ${lacks}; both files must come from one closureInfo build`,
  )
}

function parseFile(file: string, storeDir: string): PathInfo[] {
  const text = readText(file)
  try {
    return parseRegistration(text, storeDir)
  } catch (error) {
    if (!(error instanceof NixError)) throw error
    throw new NixError(error.code as NixErrorCode, `${file}: ${error.message}`, {
      ...error,
      path: error.path ?? file,
      cause: error,
    })
  }
}

function firstNotIn(paths: ReadonlySet<string>, others: ReadonlySet<string>): string | undefined {
  for (const path of paths) if (!others.has(path)) return path
  return undefined
}

function readText(file: string): string {
  try {
    return withDescriptorSync(() => readFileSync(file, 'utf8'))
  } catch (error) {
    const message = `${file}: cannot be read: ${reasonOf(error)}; give the folder that a closureInfo build made`
    throw new StoreError('STORE_UNREADABLE', file, message, { cause: error })
  }
}
