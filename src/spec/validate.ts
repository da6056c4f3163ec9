import type { z } from 'zod'
import { suggest } from '../suggest.ts'
import { settingKey } from '../systemd/index.ts'
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

/** The value of a text at a path: true, false or a number where there may be one, else the text itself. */
export function readText(path: readonly string[], text: string): unknown {
  const types = typesAt(path)
  if (types.includes('boolean') && /^(?:true|false)$/.test(text)) return text === 'true'
  // Where there may be text, too, the text of a number is as good as the number.
  return types.includes('number') && !types.includes('string') && /^-?\d+$/.test(text) ? Number(text) : text
}

/** The types that a value at a path may have, as zod names them. */
function typesAt(path: readonly string[]): readonly string[] {
  const [section, ...keys] = path
  // The schema has no shape for the settings of systemd-nspawn.
  if (section === 'nspawn') return settingKey(keys[0] ?? '', keys[1] ?? '')?.kind.types ?? []
  return schemasAt(path).map(({ def }) => def.type)
}

/** The keys that an object at a path may have. */
function keysAt(path: readonly PropertyKey[]): string[] {
  return schemasAt(path).flatMap(({ def }) => Object.keys(def.shape ?? {}))
}

function schemasAt(path: readonly PropertyKey[]): SchemaLike[] {
  let schemas: readonly unknown[] = [declarationSchema]
  for (const key of path) schemas = schemas.flatMap(schema => below(schema, key))
  return schemas.flatMap(resolve)
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
    if (def.shape) return Object.hasOwn(def.shape, key) ? [def.shape[String(key)]] : []
    const next = def.valueType ?? def.element
    return next === undefined ? [] : [next]
  })
}

/** A schema without what is around it: optional, one of several. */
function resolve(schema: unknown): SchemaLike[] {
  const { def } = schema as SchemaLike
  if (def.options && def.type === 'union') return def.options.flatMap(resolve)
  return def.innerType === undefined ? [schema as SchemaLike] : resolve(def.innerType)
}
