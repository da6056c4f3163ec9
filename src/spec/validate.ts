import type { z } from 'zod'
import { suggest } from '../suggest.ts'
import type { Context } from './context.ts'
import { type Declaration, declarationSchema } from './declaration.ts'

/** Checks the shape of a declaration, that is its keys and the kinds of its values; `undefined` after a problem. */
export function validateShape(value: unknown, context: Context): Declaration | undefined {
  const result = declarationSchema.safeParse(value, { reportInput: true })
  if (result.success) return result.data
  for (const issue of result.error.issues) reportIssue(issue, [], context)
  return undefined
}

type Issue = z.core.$ZodIssue

function reportIssue(issue: Issue, parent: readonly PropertyKey[], context: Context): void {
  const path = [...parent, ...issue.path]
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = keysAt(path)
      for (const key of issue.keys) {
        const hint = () => suggest(key, known) || `; there may be ${known.join(', ')}`
        context.report([...path, key], () => `no such key${hint()}`, 'key')
      }
      break
    }
    case 'invalid_key':
      context.report(path, issue.issues[0]?.message ?? issue.message, 'key')
      break
    case 'invalid_union': {
      // If the kind of a branch fits, its own faults are reported; else what the union accepts.
      const inside = issue.errors.find(errors => errors.every(error => error.path.length > 0 || isAboutKeys(error)))
      if (inside) for (const error of inside) reportIssue(error, path, context)
      else context.report(path, () => withInput(issue.message, issue.input))
      break
    }
    default:
      context.report(path, () => withInput(issue.message, issue.input))
  }
}

function isAboutKeys(issue: Issue): boolean {
  return issue.code === 'unrecognized_keys' || issue.code === 'invalid_key'
}

function withInput(message: string, input: unknown): string {
  if (input === undefined) return `is missing: ${message}`
  const shown = JSON.stringify(input, firstValues()) ?? String(input)
  return `${message}, not ${shown.length > SHOWN_MAX ? `${shown.slice(0, SHOWN_MAX - 3)}...` : shown}`
}

/** Characters of a wrong value that a message shows. */
const SHOWN_MAX = 60

/** For `JSON.stringify`: leaves out what is not shown, however large the value is. */
function firstValues(): (key: string, value: unknown) => unknown {
  let count = 0
  return (_, value) => {
    if (count++ > SHOWN_MAX) return undefined
    return Array.isArray(value) || typeof value === 'string' ? value.slice(0, SHOWN_MAX) : value
  }
}

/** The keys that an object at a path may have. */
function keysAt(path: readonly PropertyKey[]): string[] {
  let schemas: readonly unknown[] = [declarationSchema]
  for (const key of path) schemas = schemas.flatMap(schema => below(schema, key))
  return schemas.flatMap(schema => resolve(schema)).flatMap(({ def }) => Object.keys(def.shape ?? {}))
}

interface SchemaLike {
  def: {
    type: string
    shape?: Record<string, unknown>
    innerType?: unknown
    valueType?: unknown
    element?: unknown
    options?: readonly unknown[]
  }
}

function below(schema: unknown, key: PropertyKey): unknown[] {
  return resolve(schema).flatMap(({ def }) => {
    const next = def.shape ? def.shape[String(key)] : (def.valueType ?? def.element)
    return next === undefined ? [] : [next]
  })
}

/** A schema without what is around it: optional, one of several. */
function resolve(schema: unknown): SchemaLike[] {
  const { def } = schema as SchemaLike
  if (def.options && def.type === 'union') return def.options.flatMap(resolve)
  return def.innerType === undefined ? [schema as SchemaLike] : resolve(def.innerType)
}
