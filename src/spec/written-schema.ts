/**
 * Makes the JSON schema of a declaration that was read into the schema of `image.yaml` as people write it. Before the file is
 * read, variables stand in texts, a mode without quotes is a number, and a section may be empty.
 */

/** The part of JSON schema that our schemas need. */
export interface JsonSchema {
  readonly [keyword: string]: unknown
  readonly description?: string
  readonly type?: string | readonly string[]
  readonly pattern?: string
  readonly const?: number
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly JsonSchema[]
  readonly items?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly propertyNames?: JsonSchema
  readonly additionalProperties?: false | JsonSchema
}

/** What text holds that has a variable in it. */
const VARIABLE = '\\$\\{'

/** A variable alone, which may stand for true, false or a number. */
const LONE_VARIABLE: JsonSchema = { type: 'string', pattern: '^\\$\\{[^}]*\\}$' }

/** Octal digits that YAML reads as decimal ones, such as 0600. */
const MODE_NUMBER: JsonSchema = { type: 'integer', minimum: 0, maximum: 7777 }

/** The schema of a declaration as it is written. */
export function writtenSchema(schema: JsonSchema): JsonSchema {
  const sections = mapValues(schema.properties, (section, name) => {
    // No variable is replaced in those that declare them.
    return orEmpty(name === 'variables' ? section : withVariables(section))
  })
  return { ...schema, properties: sections }
}

function withVariables(schema: JsonSchema): JsonSchema {
  const { description: _, ...bare } = schema
  if (schema.type === 'boolean' || schema.type === 'integer') return oneOf(schema, bare, LONE_VARIABLE)
  const { pattern, enum: values, anyOf, items, properties, propertyNames, additionalProperties } = schema
  if (values) return oneOf(schema, { type: 'string', enum: values }, { type: 'string', pattern: VARIABLE })
  return {
    ...schema,
    ...(pattern !== undefined && { pattern: `(?:${pattern})|${VARIABLE}` }),
    ...(anyOf && { anyOf: anyOf.map(withVariables).flatMap(one => one.anyOf ?? [one]) }),
    ...(items && { items: withVariables(items) }),
    ...(properties && { properties: mapValues(properties, propertyWithVariables) }),
    ...(propertyNames && { propertyNames: withVariables(propertyNames) }),
    ...(additionalProperties && { additionalProperties: withVariables(additionalProperties) }),
  }
}

function propertyWithVariables(schema: JsonSchema, name: string): JsonSchema {
  const changed = withVariables(schema)
  const { description: _, ...text } = changed
  return name === 'mode' ? oneOf(changed, MODE_NUMBER, text) : changed
}

/** A section, or nothing in place of it: all of it may be commented out. */
function orEmpty(section: JsonSchema): JsonSchema {
  if (section.anyOf) return { ...section, anyOf: [...section.anyOf, { type: 'null' }] }
  return { ...section, type: [section.type ?? [], 'null'].flat() }
}

/** One of several, with the description that `schema` has. */
function oneOf({ description }: JsonSchema, ...choices: JsonSchema[]): JsonSchema {
  return { ...(description !== undefined && { description }), anyOf: choices }
}

function mapValues<T, U>(values: Readonly<Record<string, T>> = {}, change: (value: T, key: string) => U) {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value, key)]))
}
