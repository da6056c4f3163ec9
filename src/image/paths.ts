import { resolve } from 'node:path'
import type { SigningKey } from '../signing/index.ts'
import type { ImageSpec } from './spec.ts'

/** The spec with its relative paths resolved, now: a build goes on after whoever asked for it has changed its folder. */
export function withAbsolutePaths(spec: ImageSpec): ImageSpec {
  const { toplevel, roots, source, signing } = spec
  return {
    ...spec,
    ...(isPath(toplevel) && { toplevel: resolve(toplevel) }),
    ...(Array.isArray(roots) && { roots: roots.map(absolute) }),
    ...(source && { source: sourceWithAbsolutePaths(source) }),
    ...(signing && { signing: withAbsoluteKeyFile(signing) }),
  }
}

/** The key with the path of its file resolved. */
export function withAbsoluteKeyFile(key: SigningKey): SigningKey {
  return 'keyFile' in key ? { ...key, keyFile: absolute(key.keyFile) } : key
}

function sourceWithAbsolutePaths(source: NonNullable<ImageSpec['source']>): ImageSpec['source'] {
  const { closureInfo, storeRoot, exportFile, narFiles } = source
  return {
    ...source,
    ...(isPath(closureInfo) && { closureInfo: resolve(closureInfo) }),
    ...(isPath(storeRoot) && { storeRoot: resolve(storeRoot) }),
    ...(isPath(exportFile) && { exportFile: resolve(exportFile) }),
    ...(narFiles && {
      narFiles: Object.fromEntries(Object.entries(narFiles).map(([path, file]) => [path, absolute(file)])),
    }),
  }
}

/** What cannot be a path is left as it is, for whoever checks it. */
function absolute(path: string): string {
  return isPath(path) ? resolve(path) : path
}

function isPath(path: unknown): path is string {
  return typeof path === 'string' && path !== ''
}
