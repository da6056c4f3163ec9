import { CacheError } from '../binary-cache/index.ts'
import { NarFileError } from '../nar-file/index.ts'
import { NixError } from '../nix/index.ts'
import { StoreError } from '../store/index.ts'
import { TarError } from '../tar/index.ts'
import { XzError } from '../xz/index.ts'
import { ImageError } from './errors.ts'

/** What a job on a worker came to. Errors are told as plain data: posting one would lose its class and fields. */
export type Outcome<T> = { readonly value: T } | { readonly failure: Failure }

interface Failure {
  readonly name: string
  readonly message: string
  readonly stack?: string
  readonly fields: Record<string, unknown>
}

const CLASSES: Record<string, { prototype: Error }> = {
  CacheError,
  ImageError,
  NarFileError,
  NixError,
  StoreError,
  TarError,
  XzError,
}

/** Runs a job and tells what it came to. */
export async function outcomeOf<T>(job: () => T | Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await job() }
  } catch (error) {
    if (!(error instanceof Error) || !Object.hasOwn(CLASSES, error.name)) throw error
    const { name, message, stack } = error
    return { failure: { name, message, stack, fields: JSON.parse(JSON.stringify(error)) as Failure['fields'] } }
  }
}

/** The value of an outcome, or its error, thrown as what it was. */
export function resultOf<T>(outcome: Outcome<T>): T {
  if ('value' in outcome) return outcome.value
  const { name, message, stack, fields } = outcome.failure
  const error = Object.setPrototypeOf(new Error(message), CLASSES[name].prototype) as Error
  error.stack = stack
  throw Object.assign(error, fields)
}
