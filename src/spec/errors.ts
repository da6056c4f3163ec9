import { NspawnRootfsError, nameErrors, type OpenCode } from '../nspawn-rootfs-error.ts'
import { shortened } from '../printable.ts'

/** What can be wrong with a declaration. */
export type SpecErrorCode =
  /** The declaration has the problems that are listed. */
  | 'DECLARATION_INVALID'
  /** The file of the declaration cannot be read. */
  | 'DECLARATION_UNREADABLE'
  /** A folder of files cannot be read, or holds what no image can have. */
  | 'FOLDER_UNREADABLE'

/** One thing that is wrong with a declaration. */
export interface SpecProblem {
  /** Where it stands in the object, such as `['files', '/etc/motd', 'mode']`. */
  readonly path: readonly PropertyKey[]
  /** What is wrong, and what would be right. */
  readonly message: string
  /** The file and its line and column, from 1; absent for an object that a program made. */
  readonly position?: Position
}

/** A place in a file. */
export interface Position {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** A declaration that no image can be built from, with all its faults and not just the first. */
export class SpecError extends NspawnRootfsError<OpenCode<SpecErrorCode>> {
  readonly problems: readonly SpecProblem[]

  constructor(code: SpecErrorCode, problems: readonly SpecProblem[], options?: ErrorOptions) {
    super(code, problems.map(describeProblem), options)
    this.problems = problems
  }
}

nameErrors(SpecError, 'SpecError')

/** How many problems an error lists. */
export const PROBLEMS_MAX = 100

/**
 * The error for the faults of a declaration: the first problems in the order of their lines, and how many more there are.
 * `unlisted` counts those that are not in `problems`.
 */
export function invalidDeclaration(problems: readonly SpecProblem[], unlisted = 0): SpecError {
  const lineOf = ({ position }: SpecProblem) => position?.line ?? 0
  const listed = problems.toSorted((a, b) => lineOf(a) - lineOf(b)).slice(0, PROBLEMS_MAX)
  const more = problems.length - listed.length + unlisted
  const rest: SpecProblem[] =
    more === 0 ? [] : [{ path: [], message: `${more} more problem${more === 1 ? '' : 's'}; mend those above first` }]
  return new SpecError('DECLARATION_INVALID', [...listed, ...rest])
}

/** `image.yaml:3:5: closure.toplevel: give …` */
function describeProblem({ path, message, position }: SpecProblem): string {
  const where = position ? `${formatPosition(position)}: ` : ''
  return `${where}${path.length > 0 ? `${formatPath(path)}: ` : ''}${message}`
}

/** A place in a file as compilers write it, which editors follow. */
export function formatPosition({ file, line, column }: Position): string {
  return `${file}:${line}:${column}`
}

/** Keys and numbers as one word: `closure.roots[0]`, `files./etc/motd.mode`. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path
    .map(key => (typeof key === 'number' ? `[${key}]` : `.${shortened(String(key))}`))
    .join('')
    .replace(/^\./, '')
}
