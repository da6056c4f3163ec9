import { type Closure, type Outside, StoreError, whereLeads } from '../store/index.ts'

/**
 * The text of the file that a path leads to, as {@link whereLeads} follows it; `undefined` if there is none, or one too
 * long to be a script or a setting.
 */
export async function textAt(closure: Closure, path: string, outside?: Outside): Promise<string | undefined> {
  const node = (await whereLeads(closure, path, outside))?.node
  if (node?.type !== 'file') return undefined
  try {
    return new TextDecoder().decode(node.read())
  } catch (error) {
    if (error instanceof StoreError && error.code === 'FILE_TOO_LARGE') return undefined
    throw error
  }
}

/** Whether a path leads to a file that can be executed. */
export async function isProgram(closure: Closure, path: string, outside?: Outside): Promise<boolean> {
  const node = (await whereLeads(closure, path, outside))?.node
  return node?.type === 'file' && node.executable
}
