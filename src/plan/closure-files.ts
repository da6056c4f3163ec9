import { whereLeads } from '../store/index.ts'
import { isExecutable, type Lookup, wholeContents } from '../tree/index.ts'

/**
 * The text of the file that a path leads to, as {@link whereLeads} follows it; `undefined` if there is none, or one too
 * long to be a script or a setting.
 */
export async function textAt(lookup: Lookup, path: string): Promise<string | undefined> {
  const node = (await whereLeads(lookup, path))?.node
  const contents = node?.type === 'file' ? wholeContents(node) : undefined
  return contents && new TextDecoder().decode(contents)
}

/** The first of the folders' files with a name: its path and its text. */
export async function findIn(
  folders: readonly string[],
  name: string,
  lookup: Lookup,
): Promise<{ path: string; text: string } | undefined> {
  for (const folder of folders) {
    const path = `${folder}/${name}`
    const text = await textAt(lookup, path)
    if (text !== undefined) return { path, text }
  }
  return undefined
}

/** Whether a path leads to a file that can be executed. */
export async function isProgram(lookup: Lookup, path: string): Promise<boolean> {
  const node = (await whereLeads(lookup, path))?.node
  return node?.type === 'file' && isExecutable(node.mode)
}
