import { resolve } from 'node:path'
import type { ClosureSource } from '../closure-source.ts'
import type { SigningKey } from '../signing/index.ts'
import type { ImageEntry, ImageSpec } from './spec.ts'

/** A copy of a spec, with its paths resolved: the caller may change its memory and working folder while the build runs. */
export function snapshotOf(spec: ImageSpec): ImageSpec {
  const { roots, rootOrigins, source, signing, entries, systemd, nspawn } = spec
  return {
    ...withResolved(spec, ['toplevel']),
    ...(roots && { roots: roots.map(root => resolve(root)) }),
    ...(rootOrigins && { rootOrigins: withResolvedKeys(rootOrigins) }),
    ...(source && { source: sourceWithAbsolutePaths(source) }),
    ...(signing && { signing: keyWithAbsolutePaths(signing) }),
    ...(entries && { entries: entries.map(withOwnContents) }),
    ...(systemd && { systemd: structuredClone(systemd) }),
    ...(nspawn !== undefined && { nspawn: structuredClone(nspawn) }),
  }
}

/** The entry with a copy of its contents. */
function withOwnContents(entry: ImageEntry): ImageEntry {
  if (entry.type !== 'file' || typeof entry.contents === 'string') return { ...entry }
  return { ...entry, contents: new Uint8Array(entry.contents) }
}

/** The key with the paths of its files resolved. */
export function keyWithAbsolutePaths(key: SigningKey): SigningKey {
  return 'keyFile' in key ? withResolved(key, ['keyFile', 'passphraseFile']) : key
}

function sourceWithAbsolutePaths(source: ClosureSource): ClosureSource {
  const { narFiles } = source
  return {
    ...withResolved(source, ['closureInfo', 'store', 'exportFile', 'netrcFile', 'tokenFile']),
    ...(narFiles && {
      narFiles: Object.fromEntries(Object.entries(narFiles).map(([path, file]) => [path, resolve(file)])),
    }),
  }
}

function withResolvedKeys(origins: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(origins).map(([path, origin]) => [resolve(path), origin]))
}

/** A copy in which the paths under some keys are resolved, where there are any. */
function withResolved<T extends object>(value: T, keys: readonly (keyof T)[]): T {
  const copy = { ...value } as Record<PropertyKey, unknown>
  for (const key of keys) if (typeof copy[key] === 'string') copy[key] = resolve(copy[key])
  return copy as T
}
