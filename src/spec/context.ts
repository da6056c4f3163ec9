import { resolve } from 'node:path'
import { ImageError } from '../image-error.ts'
import { SystemdError } from '../systemd/index.ts'
import { readContents, UnreadableError } from './declared-files.ts'
import {
  formatPath,
  formatPosition,
  invalidDeclaration,
  type Position,
  PROBLEMS_MAX,
  type SpecProblem,
} from './errors.ts'
import type { Restriction } from './restriction.ts'

/** Where the value at a path of a declaration stands in its file, or the key that leads to it. */
export type Locate = (path: readonly PropertyKey[], part?: 'key' | 'value') => Position

/** What the steps share that turn a declaration into a spec. They continue after a problem, so that all are reported. */
export interface Context {
  /** Whether the declaration was read from a file. */
  readonly isFile: boolean
  /** Reports a problem. A message that takes some work is a function, which is called only if the problem is listed. */
  report(path: readonly PropertyKey[], message: string | (() => string), part?: 'key' | 'value'): void
  /** Throws `SpecError` if there were problems. */
  throwProblems(): void
  /** Runs a step. An error in the declaration that it throws becomes a problem, and the result is `undefined`. */
  attempt<T>(path: readonly PropertyKey[], step: () => T | Promise<T>): Promise<T | undefined>
  /** The absolute path of a file or folder that the declaration names. Throws `UnreadableError` if it may not be read. */
  resolve(file: string): Promise<string>
  /** The same for a store path, or a symlink to one. */
  resolveStorePath(file: string): Promise<string>
  /** The same for the URL of a binary cache, which stays as it is. */
  checkCache(url: string): Promise<string>
  /** The folder that files of binary caches have to lie below; `undefined` if they may be anywhere. */
  filesBelow(): Promise<string | undefined>
  /** Throws `UnreadableError` if a key of gpg may not be used. */
  checkGpg(): void
  /** Names what asks for an entry, for people to read. */
  originOf(path: readonly PropertyKey[]): string
}

/** Errors that a declaration can cause. Any other is not the fault of its author. */
const EXPECTED = [UnreadableError, ImageError, SystemdError]

/** A context for a declaration in `folder`; `locate` if it was read from a file, `restriction` if it is not trusted. */
export function createContext(folder: string, locate?: Locate, restriction?: Restriction): Context {
  const problems: SpecProblem[] = []
  let unlisted = 0
  const report: Context['report'] = (path, message, part) => {
    if (problems.length === PROBLEMS_MAX) unlisted++
    else {
      const text = typeof message === 'string' ? message : message()
      problems.push({ path, message: text, ...(locate && { position: locate(path, part) }) })
    }
  }
  return {
    isFile: locate !== undefined,
    report,
    throwProblems() {
      if (problems.length > 0) throw invalidDeclaration(problems, unlisted)
    },
    async attempt(path, step) {
      try {
        return await step()
      } catch (error) {
        if (!EXPECTED.some(kind => error instanceof kind)) throw error
        report(path, (error as Error).message)
        return undefined
      }
    },
    async resolve(file) {
      const path = resolve(folder, file)
      return restriction ? restriction.checkFile(path) : path
    },
    async resolveStorePath(file) {
      const path = resolve(folder, file)
      await restriction?.checkStorePath(path)
      return path
    },
    async checkCache(url) {
      await restriction?.checkCache(url)
      return url
    },
    filesBelow: async () => restriction?.root(),
    checkGpg: () => restriction?.checkGpg(),
    originOf(path) {
      return locate ? `${formatPath(path)} (${formatPosition(locate(path, 'key'))})` : formatPath(path)
    },
  }
}

/** The text of a file that a declaration may name; `undefined` if it names none, or after a problem. */
export async function readTextBeside(file: string | undefined, at: readonly PropertyKey[], context: Context) {
  if (file === undefined) return undefined
  const bytes = await context.attempt(at, async () => readContents(await context.resolve(file)))
  return bytes && new TextDecoder().decode(bytes)
}
