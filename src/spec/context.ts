import { resolve } from 'node:path'
import { ImageError } from '../image/index.ts'
import { SystemdError } from '../systemd/index.ts'
import { readBeside, UnreadableError } from './beside.ts'
import { formatPath, formatPosition, type Position, type SpecProblem } from './errors.ts'

/** Where the value at a path of a declaration stands in its file, or the key that leads to it. */
export type Locate = (path: readonly PropertyKey[], part?: 'key' | 'value') => Position

/** What the steps that make a spec of a declaration share. They go on after a problem, so that all of them are told. */
export interface Context {
  readonly problems: SpecProblem[]
  /** Notes a problem. */
  report(path: readonly PropertyKey[], message: string, part?: 'key' | 'value'): void
  /** Runs a step; what it says of the declaration becomes a problem, and the result `undefined`. */
  attempt<T>(path: readonly PropertyKey[], step: () => T | Promise<T>): Promise<T | undefined>
  /** The absolute path of a file that the declaration names. */
  resolve(file: string): string
  /** Names what asks for an entry, for people to read. */
  originOf(path: readonly PropertyKey[]): string
}

/** What steps throw at what a declaration says; anything else is nobody's fault who wrote one. */
const EXPECTED = [UnreadableError, ImageError, SystemdError]

/** A context for a declaration in `folder`; `locate` if it was read from a file. */
export function createContext(folder: string, locate?: Locate): Context {
  const problems: SpecProblem[] = []
  const report: Context['report'] = (path, message, part) => {
    problems.push({ path, message, ...(locate && { position: locate(path, part) }) })
  }
  return {
    problems,
    report,
    async attempt(path, step) {
      try {
        return await step()
      } catch (error) {
        if (!EXPECTED.some(kind => error instanceof kind)) throw error
        report(path, (error as Error).message)
        return undefined
      }
    },
    resolve: file => resolve(folder, file),
    originOf(path) {
      return locate ? `${formatPath(path)} (${formatPosition(locate(path, 'key'))})` : formatPath(path)
    },
  }
}

/** The text of a file that a declaration may name; `undefined` if it names none, or after a problem. */
export async function readTextBeside(file: string | undefined, at: readonly PropertyKey[], context: Context) {
  if (file === undefined) return undefined
  const bytes = await context.attempt(at, () => readBeside(context.resolve(file)))
  return bytes && new TextDecoder().decode(bytes)
}
