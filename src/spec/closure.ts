import type { ClosureSource } from '../store/index.ts'
import { type Context, readTextBeside } from './context.ts'
import type { Declaration } from './declaration.ts'

/** What a declaration says of the closure: the part of a spec with the same names. */
export async function closureOf({ closure = {} }: Declaration, context: Context) {
  const { toplevel, roots, storeRoot, closureInfo, exportFile, narFiles, caches, netrc, tokenFile, ...trust } = closure
  const listed = closureInfo ?? exportFile ?? narFiles
  if (toplevel === undefined && roots === undefined && listed === undefined) {
    context.report(['closure'], 'is empty: give toplevel or roots, or closureInfo, exportFile or narFiles')
  }
  const kinds = {
    'storeRoot or closureInfo': storeRoot ?? closureInfo,
    caches,
    exportFile,
    narFiles,
  }
  const given = Object.entries(kinds).flatMap(([kind, value]) => (value === undefined ? [] : [kind]))
  if (given.length > 1) context.report(['closure'], `has ${given.join(' and ')}: a closure comes from one of them`)
  const servers = caches?.filter(url => /^https?:/i.test(url)) ?? []
  if (tokenFile !== undefined && servers.length === 0) {
    context.report(['closure', 'tokenFile'], 'is for caches whose URL begins with https:// or http://; give one')
  }
  const token = await readTextBeside(tokenFile, ['closure', 'tokenFile'], context)
  const source: ClosureSource = {
    ...trust,
    caches,
    storeRoot: storeRoot && context.resolve(storeRoot),
    closureInfo: closureInfo && context.resolve(closureInfo),
    exportFile: exportFile && context.resolve(exportFile),
    narFiles:
      narFiles && Object.fromEntries(Object.entries(narFiles).map(([path, file]) => [path, context.resolve(file)])),
    credentials: {
      netrc: await readTextBeside(netrc, ['closure', 'netrc'], context),
      tokens: token === undefined ? undefined : servers.map(url => ({ url, token: token.trim() })),
    },
  }
  return { toplevel: toplevel && context.resolve(toplevel), roots: roots?.map(root => context.resolve(root)), source }
}
