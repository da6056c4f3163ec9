import { printable } from './printable.ts'

/** What an error says: a line, or several of our own. */
export type ErrorText = string | readonly string[]

/** The base of all errors of this library. Its message says what failed, where, and what to do; `code` is for programs. */
export abstract class NspawnRootfsError<Code extends string = string> extends Error {
  readonly code: Code

  constructor(code: Code, message: ErrorText, options?: ErrorOptions) {
    // A name in it, whoever gave it, makes no line of its own.
    super([message].flat().map(printable).join('\n'), options)
    this.code = code
  }
}

/** One of the known codes, or one that a later version adds: a program that distinguishes codes needs a case for all others. */
export type OpenCode<Code extends string> = Code | (string & {})

const prototypes = new Map<string, object>()

/** Names a class of errors. By its name, an error that was sent from another thread finds its class again. */
export function nameErrors(errors: { readonly prototype: NspawnRootfsError }, name: string): void {
  Object.defineProperty(errors.prototype, 'name', { value: name, configurable: true, writable: true })
  prototypes.set(name, errors.prototype)
}

/** The prototype of the class that bears this name, if there is one. */
export function prototypeOfErrors(name: string): object | undefined {
  return prototypes.get(name)
}
