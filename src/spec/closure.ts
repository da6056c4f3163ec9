import { join } from 'node:path'
import { type ClosureSource, conflictIn, listsPaths } from '../closure-source.ts'
import { isHttp } from '../is-http.ts'
import { type Context, readTextBeside } from './context.ts'
import type { Declaration } from './declaration.ts'

/** The files that are read in a chroot store and in a closureInfo. They are checked one by one, as they may be symlinks. */
const STORE_PARTS = ['nix/store', 'nix/var/nix', 'nix/var/nix/db', 'nix/var/nix/db/db.sqlite']
const CLOSURE_INFO_PARTS = ['registration', 'store-paths']

/** The part of a declaration about the closure, as the part of a spec with the same names. */
export async function closureOf({ closure = {} }: Declaration, context: Context, allowNone: boolean) {
  const { toplevel, roots, store, closureInfo, exportFile, narFiles, caches, netrcFile, tokenFile, ...trust } = closure
  if (toplevel === undefined && roots === undefined && !listsPaths(closure) && !allowNone) {
    context.report(['closure'], 'is empty: give toplevel or roots, or closureInfo, exportFile or narFiles')
  }
  const conflict = conflictIn(closure)
  if (conflict !== undefined) context.report(['closure'], `has ${conflict}`)
  const servers = caches?.filter(isHttp) ?? []
  if (tokenFile !== undefined && servers.length === 0) {
    context.report(['closure', 'tokenFile'], 'is for caches whose URL begins with https:// or http://; give one')
  }
  const token = await readTextBeside(tokenFile, ['closure', 'tokenFile'], context)
  const at = (...path: PropertyKey[]) => ['closure', ...path]
  /** The result of a step for a value that may be absent; `undefined` also after a problem. */
  const step = async (value: string | undefined, path: PropertyKey[], make: (value: string) => Promise<string>) =>
    value === undefined ? undefined : context.attempt(path, () => make(value))
  const files: [string, string][] = []
  for (const [path, file] of Object.entries(narFiles ?? {})) {
    files.push([path, (await step(file, at('narFiles', path), context.resolve)) ?? ''])
  }
  for (const [i, url] of (caches ?? []).entries()) await step(url, at('caches', i), context.checkCache)
  for (const part of store === undefined ? [] : STORE_PARTS) {
    await step(join(store!, part), at('store'), context.resolve)
  }
  for (const part of closureInfo === undefined ? [] : CLOSURE_INFO_PARTS) {
    await step(join(closureInfo!, part), at('closureInfo'), context.resolve)
  }
  const source: ClosureSource = {
    ...trust,
    caches,
    // A cache is a folder of files that name others.
    filesBelow: caches && (await context.filesBelow()),
    store: await step(store, at('store'), context.resolve),
    closureInfo: await step(closureInfo, at('closureInfo'), context.resolve),
    exportFile: await step(exportFile, at('exportFile'), context.resolve),
    narFiles: narFiles && Object.fromEntries(files),
    netrcText: await readTextBeside(netrcFile, at('netrcFile'), context),
    tokens: token === undefined ? undefined : servers.map(url => ({ url, token: token.trim() })),
  }
  const rootOrigins: Record<string, string> = {}
  const resolveRoot = async (root: string, path: PropertyKey[]) => {
    const resolved = await step(root, path, context.resolveStorePath)
    if (resolved !== undefined) rootOrigins[resolved] ??= context.originOf(path)
    return resolved
  }
  const top = toplevel === undefined ? undefined : await resolveRoot(toplevel, at('toplevel'))
  const paths: string[] = []
  for (const [i, root] of (roots ?? []).entries()) paths.push((await resolveRoot(root, at('roots', i))) ?? '')
  return { toplevel: top, roots: roots && paths, rootOrigins, source }
}
