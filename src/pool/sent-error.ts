/**
 * Errors as they are sent to another thread. Posted as it is, an error of any class becomes an `Error` without its fields
 * (the structured clone algorithm of HTML).
 */
import { prototypeOfErrors } from '../nspawn-rootfs-error.ts'

/** Something that was thrown, as plain data. */
export type Sent =
  | { readonly value: unknown }
  | { readonly list: readonly Sent[] }
  | { readonly name: string; readonly message: string; readonly fields: readonly SentField[] }

interface SentField {
  readonly key: string
  readonly field: Sent
  readonly enumerable: boolean
}

/** Makes plain data of something that was thrown. Fields that cannot be posted are left out. */
export function packError(thrown: unknown): Sent {
  return pack(thrown, new Set()) ?? { name: 'Error', message: String(thrown), fields: [] }
}

/** The error that was thrown, with its fields, and of its own class if that is one of this library or of the language. */
export function unpackError(sent: Sent): unknown {
  if ('value' in sent) return sent.value
  if ('list' in sent) return sent.list.map(unpackError)
  const { name, message, fields } = sent
  const error = new Error(message)
  const prototype = prototypeOfErrors(name) ?? builtInPrototype(name)
  if (prototype) Object.setPrototypeOf(error, prototype)
  else error.name = name
  for (const { key, field, enumerable } of fields) {
    Object.defineProperty(error, key, { value: unpackError(field), enumerable, writable: true, configurable: true })
  }
  return error
}

/** `within` are the errors whose causes lead here: one may be its own. */
function pack(value: unknown, within: ReadonlySet<unknown>): Sent | undefined {
  if (within.has(value)) return undefined
  if (Array.isArray(value)) return { list: value.flatMap(item => pack(item, new Set([...within, value])) ?? []) }
  if (!(value instanceof Error) || value instanceof DOMException) return clonable(value)
  const fields = Object.entries(Object.getOwnPropertyDescriptors(value)).flatMap(([key, { enumerable = false }]) => {
    const field = pack((value as unknown as Record<string, unknown>)[key], new Set([...within, value]))
    return field ? [{ key, field, enumerable }] : []
  })
  return { name: value.name, message: value.message, fields }
}

function clonable(value: unknown): Sent | undefined {
  try {
    return { value: structuredClone(value) }
  } catch {
    return undefined
  }
}

/** The prototype of `RangeError` and the like. */
function builtInPrototype(name: string): object | undefined {
  const found: unknown = Reflect.get(globalThis, name)
  if (typeof found !== 'function') return undefined
  const prototype: unknown = found.prototype
  return prototype === Error.prototype || prototype instanceof Error ? prototype : undefined
}
