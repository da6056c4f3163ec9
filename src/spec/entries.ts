import { type ImageEntry, treeEntriesOf } from '../plan/index.ts'
import type { Context } from './context.ts'
import type { Declaration } from './declaration.ts'
import { readContents } from './declared-files.ts'
import { overlayEntries, withoutSlash } from './overlays.ts'
import { ownerOf } from './owner.ts'

/** The entries that a declaration asks for: overlays, files, directories and links. */
export async function entriesOf(declaration: Declaration, context: Context): Promise<ImageEntry[]> {
  const { files = {}, directories = {}, links = {} } = declaration
  const entries: ImageEntry[] = []
  const add = async (entry: ImageEntry, at: readonly PropertyKey[]) => {
    if (entry.path.endsWith('/')) {
      context.report(at, `is a ${entry.type}, and only paths of directories may end in "/"; leave it out`, 'key')
      return
    }
    await context.attempt(at, () => treeEntriesOf({ entries: [entry] }))
    entries.push(entry)
  }
  for (const { entry, at } of await overlayEntries(declaration, context)) await add(entry, at)
  for (const [path, { mode, owner, ...content }] of Object.entries(files)) {
    const at = ['files', path]
    const contents = await contentsOf(content, at, context)
    if (contents === undefined) continue
    await add({ type: 'file', path, contents, ...attributesOf({ mode, owner }, at, context) }, at)
  }
  for (const [path, attributes] of Object.entries(directories)) {
    const at = ['directories', path]
    await add({ type: 'directory', path: withoutSlash(path), ...attributesOf(attributes, at, context) }, at)
  }
  for (const [path, target] of Object.entries(links)) {
    const at = ['links', path]
    await add({ type: 'symlink', path, target, origin: context.originOf(at) }, at)
  }
  return entries
}

/** Contents that stand in a declaration or beside it; `undefined` after a problem. */
export async function contentsOf(
  { text, file }: { text?: string; file?: string },
  at: readonly PropertyKey[],
  context: Context,
): Promise<string | Uint8Array | undefined> {
  if (text === undefined && file === undefined) context.report(at, 'is empty: give its contents as text, or as file')
  if (text !== undefined && file !== undefined) context.report(at, 'has both text and file: give one of them')
  if (file === undefined) return text
  return context.attempt([...at, 'file'], async () => readContents(await context.resolve(file)))
}

function attributesOf(
  { mode, owner }: { mode?: string; owner?: string },
  at: readonly PropertyKey[],
  context: Context,
): Pick<ImageEntry, 'uid' | 'gid' | 'origin'> & { mode?: number } {
  return {
    ...(mode !== undefined && { mode: Number.parseInt(mode.replace(/^0o/, ''), 8) }),
    ...ownerOf(owner),
    origin: context.originOf(at),
  }
}
