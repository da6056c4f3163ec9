import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** What {@link needs} found: whether to skip, and a text for the title of the skipped tests (empty if none is). */
export interface Needs {
  readonly skip: boolean
  readonly because: string
}

/**
 * Looks for programs on PATH that a test runs. A missing one means: skip, and say so in the title.
 *
 *     const xz = needs('xz')
 *     describe.skipIf(xz.skip)(`xz reads our files${xz.because}`, …)
 *
 * With REQUIRE_ALL=1 in the environment nothing may be skipped quietly: it throws an `Error` that names what is missing.
 */
export function needs(...programs: string[]): Needs {
  return needsAll(programs.filter(program => !isOnPath(program)).map(program => `install ${program}`))
}

/** The same for an environment variable that names test data: `{skip, because}`, or throws under REQUIRE_ALL=1. */
export function needsVariable(name: string, meaning: string): Needs {
  return needsAll(process.env[name] ? [] : [`set ${name} to ${meaning}`])
}

function needsAll(missing: string[]): Needs {
  if (missing.length === 0) return { skip: false, because: '' }
  if (process.env.REQUIRE_ALL === '1')
    throw new Error(`REQUIRE_ALL=1, so no test may be skipped: ${missing.join(', ')}`)
  return { skip: true, because: ` (skipped: ${missing.join(', ')})` }
}

function isOnPath(program: string): boolean {
  return pathOfProgram(program) !== undefined
}

/** Where a program is on PATH. */
export function pathOfProgram(program: string): string | undefined {
  const paths = (process.env.PATH ?? '').split(delimiter).map(folder => join(folder, program))
  return paths.find(path => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
