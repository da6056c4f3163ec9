/**
 * The names of all versions that were ever in a folder, one a line, in the hidden file `.published-versions`. Pruned ones are
 * among them: who has the address of a version must never find another one there.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { attempt, syncPath } from '../disk/index.ts'
import { PublishError } from './errors.ts'

/** The file in the folder. */
export const USED_NAMES_FILE = '.published-versions'

/** The names that are used; none in a folder without the file. Throws `PublishError` IN_THE_WAY if it cannot be read. */
export async function readUsedNames(folder: string): Promise<Set<string>> {
  const path = join(folder, USED_NAMES_FILE)
  try {
    return new Set((await readFile(path, 'utf8')).split('\n').filter(Boolean))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return new Set()
    const message = `${path}: lists the versions that were published, but cannot be read; give this user a readable file`
    throw new PublishError('IN_THE_WAY', path, message, { cause })
  }
}

/** Writes the file anew into `scratch`, with names added; resolves to whether there is one to add. */
export async function stageUsedNames(folder: string, names: readonly string[], scratch: string): Promise<boolean> {
  const used = await readUsedNames(folder)
  if (names.every(name => used.has(name))) return false
  const written = join(scratch, USED_NAMES_FILE)
  const text = [...new Set([...used, ...names])].map(name => `${name}\n`).join('')
  await attempt(join(folder, USED_NAMES_FILE), async () => {
    await writeFile(written, text)
    await syncPath(written)
  })
  return true
}
