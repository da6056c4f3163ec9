/** The part of JSON schema that names and describes keys. */
export interface KeySchema {
  readonly description?: string
  readonly properties?: Readonly<Record<string, KeySchema>>
  readonly additionalProperties?: false | KeySchema
  readonly anyOf?: readonly KeySchema[]
}

const WIDTH = 80
const TEXT_COLUMN = 32

/** All keys of a schema by their paths, each with its description beside it; `*` stands for a name. */
export function formatKeys(schema: KeySchema): string {
  return keysOf(schema, [])
    .flatMap(([path, description]) => {
      const key = `  ${path}`.padEnd(TEXT_COLUMN)
      const [first = '', ...more] = wrap(description, WIDTH - TEXT_COLUMN)
      const below = more.map(line => ' '.repeat(TEXT_COLUMN) + line)
      // A key that leaves no gap has a line of its own.
      return key.endsWith(' ') ? [key + first, ...below] : [key, ' '.repeat(TEXT_COLUMN) + first, ...below]
    })
    .join('\n')
}

function keysOf({ properties, additionalProperties, anyOf }: KeySchema, path: readonly string[]): [string, string][] {
  const named = Object.entries(properties ?? {}).flatMap(([key, inner]): [string, string][] => {
    const inside = [...path, key]
    return [[inside.join('.'), inner.description ?? ''], ...keysOf(inner, inside)]
  })
  const others = additionalProperties ? keysOf(additionalProperties, [...path, '*']) : []
  // One of anything, or a list of these, has the same keys.
  return [...named, ...others, ...(anyOf?.[0] ? keysOf(anyOf[0], path) : [])]
}

/** A text in lines of at most `width` characters. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`
    if (lines.length > 0 && longer.length <= width) lines[lines.length - 1] = longer
    else lines.push(word)
  }
  return lines
}
