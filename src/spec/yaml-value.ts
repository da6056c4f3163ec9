/**
 * The values of the nodes of a YAML document, in time linear in the text: an alias shares the value of its anchor, and the size
 * of all aliases when written out is bounded.
 */
import { type Alias, type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from 'yaml'
import { shortened } from '../printable.ts'

/** A fault of a document in the words of its message; `offset` is its place in the text. */
export interface YamlFault {
  readonly message: string
  readonly offset: number
}

/** A document, read. */
export interface YamlValue {
  readonly value: unknown
  readonly faults: readonly YamlFault[]
  /**
   * Where the value at a path begins in the text, or its key, where it has one; for a value that is missing, where it would be.
   */
  offsetOf(path: readonly PropertyKey[], part: 'key' | 'value'): number
}

/** How many values and characters the aliases of a document may stand for, so that a short text is no huge declaration. */
const ALIASED_MAX = 4 * 1024 * 1024

/** Levels of nested lists and maps. A declaration needs eight. */
const DEPTH_MAX = 100

/** What was read of a node: its value, and how much that is. */
interface Read {
  readonly value: unknown
  readonly size: number
}

const NOTHING: Read = { value: null, size: 1 }

/** Reads a document. Keys must be texts; a key that comes twice is a fault. */
export function readYamlValue(document: Document): YamlValue {
  const faults: YamlFault[] = []
  const anchored = new Map<string, unknown>()
  const read = new Map<unknown, Read>()
  const targets = new Map<Alias, unknown>()
  let aliased = 0

  const readNode = (node: unknown, depth: number): Read => {
    if (isAlias(node)) return readAlias(node)
    const { anchor } = (node ?? {}) as { anchor?: string }
    if (anchor !== undefined) anchored.set(anchor, node)
    const result = readContents(node, depth)
    if (anchor !== undefined) read.set(node, result)
    return result
  }
  const readAlias = (alias: Alias): Read => {
    const fault = (message: string) => faults.push({ message: notYaml(message), offset: startOf(alias) ?? 0 })
    if (!anchored.has(alias.source)) {
      fault(`Unresolved alias: *${alias.source}`)
      return NOTHING
    }
    const target = anchored.get(alias.source)
    const found = read.get(target)
    if (found === undefined) {
      fault(`Alias inside of what it stands for: *${alias.source}`)
      return NOTHING
    }
    targets.set(alias, target)
    const before = aliased
    aliased += found.size
    if (aliased > ALIASED_MAX && before <= ALIASED_MAX) {
      fault(`Aliases stand for more than ${ALIASED_MAX} values and characters up to here; name large texts as files`)
    }
    return found
  }
  const readContents = (node: unknown, depth: number): Read => {
    if (depth > DEPTH_MAX) {
      if (depth === DEPTH_MAX + 1) faults.push({ message: notYaml(TOO_DEEP), offset: startOf(node) ?? 0 })
      return NOTHING
    }
    if (isSeq(node)) {
      const items = node.items.map(item => readNode(item, depth + 1))
      return { value: items.map(({ value }) => value), size: 1 + sum(items) }
    }
    if (isMap(node)) return readMap(node, depth)
    const value = isScalar(node) ? node.value : null
    return { value, size: 1 + (typeof value === 'string' ? value.length : 0) }
  }
  const readMap = (map: YAMLMap, depth: number): Read => {
    const items: [string, Read][] = []
    const keys = new Set<string>()
    for (const pair of map.items) {
      // An anchor may stand at a key, too.
      const key = keyOf(pair)
      readNode(pair.key, depth + 1)
      const fault = (message: string) => faults.push({ message, offset: startOf(pair.key) ?? 0 })
      if (keys.has(key)) fault(notYaml('Map keys must be unique'))
      if (isMergeKey(pair))
        fault('merge keys (<<) do not work here; write the keys out, or use an alias for all of a value')
      keys.add(key)
      if (key === 'mode' && isScalar(pair.value)) keepAsWritten(pair.value)
      items.push([key, readNode(pair.value, depth + 1)])
    }
    const value = Object.fromEntries(items.map(([key, item]) => [key, item.value]))
    return { value, size: 1 + sum(items.map(([, item]) => item)) + [...keys].reduce((all, key) => all + key.length, 0) }
  }

  const { value } = readNode(document.contents, 0)
  return { value, faults, offsetOf: finderIn(document, targets) }
}

/** The message of a fault that makes a text no YAML. */
export function notYaml(fault: string): string {
  return `not YAML: ${shortened(fault)}`
}

/** The fault of a document that nobody wrote by hand; a parser may have no room for it, either. */
export const TOO_DEEP = `Lists and maps are inside each other on more than ${DEPTH_MAX} levels; leave some out`

function finderIn(document: Document, targets: ReadonlyMap<Alias, unknown>): YamlValue['offsetOf'] {
  const indexes = new Map<unknown, ReadonlyMap<string, Pair>>()
  const pairsOf = (map: YAMLMap) => {
    const index = indexes.get(map) ?? new Map(map.items.map(pair => [keyOf(pair), pair]))
    indexes.set(map, index)
    return index
  }
  return (path, part) => {
    let node: unknown = document.contents
    let offset = startOf(node) ?? 0
    for (const [i, key] of path.entries()) {
      if (isAlias(node)) node = targets.get(node)
      const pair = isMap(node) ? pairsOf(node).get(String(key)) : undefined
      const next = pair ? pair.value : isSeq(node) ? node.items[key as number] : undefined
      if (!pair && next === undefined) break
      const isLast = i === path.length - 1
      const keyAt = pair && startOf(pair.key)
      offset = (isLast && pair && part === 'key' ? keyAt : startOf(next)) ?? keyAt ?? offset
      node = next
    }
    return offset
  }
}

function keyOf({ key }: Pair): string {
  return isScalar(key) ? String(key.value ?? '') : ''
}

/** Whether a key merges the keys of another map into its own in YAML 1.1. */
function isMergeKey({ key }: Pair): boolean {
  return isScalar(key) && key.type === 'PLAIN' && key.source === '<<'
}

function keepAsWritten(scalar: { value: unknown; source?: string }): void {
  if (typeof scalar.value === 'number' && scalar.source !== undefined) scalar.value = scalar.source
}

function sum(items: readonly Read[]): number {
  return items.reduce((all, { size }) => all + size, 0)
}

function startOf(node: unknown): number | undefined {
  return (node as Node | Pair | null | undefined as { range?: [number, number, number] } | undefined)?.range?.[0]
}
