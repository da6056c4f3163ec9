/**
 * YAML 1.2 (core schema) as declarations are written in it. Two things differ from what its parsers give: a `mode` is read
 * as it is written, since `0644` is the number 644 there; and every value can be found again in the text.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument, visit } from 'yaml'
import { type Position, SpecError, type SpecProblem } from './errors.ts'

/** A declaration's text, read. */
export interface YamlText {
  readonly value: unknown
  /** Where the value at a path stands, or the key that leads to it; what is not there is where it would be. */
  locate(path: readonly PropertyKey[], part?: 'key' | 'value'): Position
}

/** Characters of a declaration. Longer ones are no such thing, and a parser holds several times that. */
const TEXT_MAX = 4 * 1024 * 1024

/** How often an anchor may be used, so that a short text cannot stand for a huge one. */
const ALIASES_MAX = 100

/** Reads YAML. Throws `SpecError` DECLARATION_INVALID with everything that is wrong with it as YAML. */
export function parseYaml(text: string, file: string): YamlText {
  if (text.length > TEXT_MAX) {
    const message = `has ${text.length} characters, a declaration ${TEXT_MAX} at the most; name large files in it`
    throw new SpecError('DECLARATION_INVALID', [{ path: [], message, position: { file, line: 1, column: 1 } }])
  }
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true })
  const positionAt = (offset: number): Position => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(1, line), column: Math.max(1, col) }
  }
  const faults = [...document.errors, ...document.warnings].map(({ message, pos }) => ({ message, offset: pos[0] }))
  visit(document, {
    Alias(_, alias, path) {
      const node = alias.resolve(document)
      if (node && !path.includes(node)) return
      const what = node ? 'Alias inside of what it stands for' : 'Unresolved alias'
      faults.push({ message: `${what}: *${alias.source}`, offset: startOf(alias) ?? 0 })
    },
    Pair(_, pair) {
      if (isScalar(pair.key) && pair.key.value === 'mode' && isScalar(pair.value)) keepAsWritten(pair.value)
    },
  })
  if (faults.length > 0) {
    const problems = faults.map(({ message, offset }): SpecProblem => {
      return { path: [], message: `not YAML: ${message}`, position: positionAt(offset) }
    })
    throw new SpecError('DECLARATION_INVALID', problems)
  }
  return {
    value: withoutEmpty(document.toJS({ maxAliasCount: ALIASES_MAX })),
    locate(path, part = 'value') {
      let node: unknown = document.contents
      let offset = startOf(node) ?? 0
      for (const [i, key] of path.entries()) {
        if (isAlias(node)) node = node.resolve(document)
        const pair = isMap(node) ? node.items.find(item => isScalar(item.key) && item.key.value === key) : undefined
        const next = pair ? pair.value : isSeq(node) ? node.items[key as number] : undefined
        if (!pair && next === undefined) break
        const isLast = i === path.length - 1
        const keyAt = pair && startOf(pair.key)
        offset = (isLast && part === 'key' ? keyAt : startOf(next)) ?? keyAt ?? offset
        node = next
      }
      return positionAt(offset)
    },
  }
}

/** Leaves out the sections in which everything is commented out. */
function withoutEmpty(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).filter(([, section]) => section !== null))
}

function keepAsWritten(scalar: { value: unknown; source?: string }): void {
  if (typeof scalar.value === 'number' && scalar.source !== undefined) scalar.value = scalar.source
}

function startOf(node: unknown): number | undefined {
  return (node as Node | Pair | null | undefined as { range?: [number, number, number] } | undefined)?.range?.[0]
}
