/**
 * Variables of a declaration: `${NAME}` in any value or key is replaced by what `variables` says of NAME. Only there: files
 * that a declaration names are taken as they are, and the environment has no say. `$${` is a `${` that stays.
 */

import { suggest } from '../suggest.ts'
import type { Context } from './context.ts'

const REFERENCE = /\$(\$?)\{([^}]*)\}/g

/** What variables stand for. */
export type Variables = ReadonlyMap<string, string>

/** The variables of a declaration, with the values that `set` gives instead. */
export function variablesOf(value: unknown, set: Readonly<Record<string, string>>, context: Context): Variables {
  const declared = isObject(value) && isObject(value.variables) ? value.variables : {}
  const variables = new Map<string, string>()
  for (const [name, initial] of Object.entries(declared)) {
    if (Object.hasOwn(set, name)) variables.set(name, set[name])
    else if (typeof initial === 'string') variables.set(name, initial)
    else if (initial === null) {
      context.report(['variables', name], `has no value of its own: give --set ${name}=VALUE`)
      variables.set(name, '')
    }
  }
  for (const name of Object.keys(set)) {
    if (Object.hasOwn(declared, name)) continue
    const known = suggest(name, Object.keys(declared))
    context.report(['variables'], `${name} is set, but not declared${known || '; declare it here'}`)
  }
  return variables
}

/** A declaration in which variables were replaced in all texts, but for those that declare them. */
export function substitute(value: unknown, variables: Variables, context: Context): unknown {
  const inText = (text: string, path: readonly PropertyKey[]) =>
    text.replace(REFERENCE, (whole, escaped: string, name: string) => {
      if (escaped !== '') return `\${${name}}`
      const found = variables.get(name)
      if (found === undefined) {
        const known = suggest(name, [...variables.keys()])
        context.report(
          path,
          `${whole} is no variable${known || `; declare it, or write $${whole} for the text itself`}`,
        )
      }
      return found ?? ''
    })
  const walk = (node: unknown, path: readonly PropertyKey[]): unknown => {
    if (typeof node === 'string') return inText(node, path)
    if (Array.isArray(node)) return node.map((item, i) => walk(item, [...path, i]))
    if (!isObject(node)) return node
    const result: Record<string, unknown> = {}
    for (const [key, item] of Object.entries(node)) {
      const name = inText(key, [...path, key])
      const declares = path.length === 0 && key === 'variables'
      if (name === '__proto__') context.report([...path, key], 'no such key', 'key')
      else if (Object.hasOwn(result, name))
        context.report([...path, key], `comes to ${name}, which is there already`, 'key')
      else result[name] = declares ? item : walk(item, [...path, key])
    }
    return result
  }
  return walk(value, [])
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
