/**
 * Variables of a declaration: `${NAME}` in any value or key is replaced by the value of NAME in `variables`. Files that a
 * declaration names stay as they are, and the environment is not read. `$${` stands for `${` itself.
 */
import { isObject } from '../is-object.ts'
import { shortened } from '../printable.ts'
import { suggest } from '../suggest.ts'
import type { Context } from './context.ts'

const REFERENCE = /\$(\$?)\{([^}]*)\}/g

/** What variables stand for. */
export type Variables = ReadonlyMap<string, string>

/** The variables of a declaration, with the values that `set` gives instead; `undefined` where it declares none. */
export function variablesOf(
  value: unknown,
  set: Readonly<Record<string, string>>,
  context: Context,
): Variables | undefined {
  const declares = isObject(value) && isObject(value.variables)
  const declared = declares ? (value.variables as Record<string, unknown>) : {}
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
    const known = () => suggest(name, Object.keys(declared)) || '; declare it here'
    context.report(['variables'], () => `${name} is set, but not declared${known()}`)
  }
  return declares ? variables : undefined
}

/** Characters that variables may come to in all: a long one may be named often. */
const REPLACED_MAX = 16 * 1024 * 1024

/** Levels of nested lists and objects: an object that contains itself has no end. */
const DEPTH_MAX = 100

/** The value of a text at a path where a declaration may have true, false or a number. */
export type ReadText = (path: readonly string[], text: string) => unknown

/** A text that is one variable and nothing else. */
const LONE_REFERENCE = /^\$\{[^}]*\}$/

/**
 * Replaces variables in all texts of a declaration, except in those that declare them. A variable alone may stand for a value of
 * another kind: `readText` says for which. Without `variables`, all texts stay as they are.
 */
export function substitute(
  value: unknown,
  variables: Variables | undefined,
  context: Context,
  readText: ReadText,
): unknown {
  let left = REPLACED_MAX
  const replacementOf = (whole: string, escaped: string, name: string, path: readonly PropertyKey[]): string => {
    if (escaped !== '') return `\${${name}}`
    const found = variables?.get(name)
    if (found === undefined) {
      const shown = shortened(whole)
      const known = () => suggest(name, [...(variables?.keys() ?? [])])
      const advice = `; declare it, or write $${shown} for the text itself`
      context.report(path, () => `${shown} is no variable${known() || advice}`)
    }
    return found ?? ''
  }
  const replaceIn = (text: string, path: readonly PropertyKey[]): string => {
    if (variables === undefined) return text
    // No reference ends behind the last brace: without this bound, many "${" there would take quadratic time.
    const end = text.lastIndexOf('}') + 1
    const replaced = text.slice(0, end).replace(REFERENCE, (whole, escaped: string, name: string) => {
      if (left < 0) return ''
      const replacement = replacementOf(whole, escaped, name, path)
      left -= replacement.length
      if (left >= 0) return replacement
      const message = `comes to more than ${REPLACED_MAX} characters of variables, with what is above; name large texts as files`
      context.report(path, message)
      return ''
    })
    return replaced + text.slice(end)
  }
  /** `names` is the path with the variables of its keys replaced. */
  const walk = (node: unknown, path: readonly PropertyKey[], names: readonly string[]): unknown => {
    if (typeof node === 'string') {
      const text = replaceIn(node, path)
      return variables !== undefined && LONE_REFERENCE.test(node) ? readText(names, text) : text
    }
    if (path.length > DEPTH_MAX) {
      context.report(path, `is in more than ${DEPTH_MAX} lists and objects; leave some out`)
      return null
    }
    if (Array.isArray(node)) return node.map((item, i) => walk(item, [...path, i], [...names, `${i}`]))
    if (!isObject(node)) return node
    const result: Record<string, unknown> = {}
    for (const [key, item] of Object.entries(node)) {
      const name = replaceIn(key, [...path, key])
      const declares = path.length === 0 && key === 'variables'
      if (name === '__proto__') context.report([...path, key], 'no such key', 'key')
      else if (Object.hasOwn(result, name))
        context.report([...path, key], `comes to ${name}, which is there already`, 'key')
      else result[name] = declares ? item : walk(item, [...path, key], [...names, name])
    }
    return result
  }
  return walk(value, [], [])
}
