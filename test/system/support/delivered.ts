import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

/** What is in a folder: digests of files, targets of links, by their paths. What is hidden is in it, too. */
export type FolderState = Readonly<Record<string, string>>

/** Reads a folder with all that is below it, but not through links. */
export function stateOf(folder: string): FolderState {
  const state: Record<string, string> = {}
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name)
    const found = lstatSync(path)
    if (found.isSymbolicLink()) state[name] = readlinkSync(path)
    else if (found.isFile()) state[name] = createHash('sha256').update(readFileSync(path)).digest('hex')
    else for (const [below, what] of Object.entries(stateOf(path))) state[`${name}/${below}`] = what
  }
  return state
}

/** Throws unless `sha256sum` confirms all that SHA256SUMS of a folder lists. */
export function checkSums(folder: string): void {
  execFileSync('sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: folder, stdio: 'pipe' })
}
