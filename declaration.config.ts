/**
 * Writes types from JSON schemas, so that an editor shows the same texts beside a field in TypeScript as in YAML: those of
 * declarations (src/spec/declaration.generated.ts) and manifests (src/manifest/manifest.generated.ts). Leaves a file alone if
 * nothing in it changes.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { MANIFEST_SCHEMA } from './src/manifest/schema.ts'
import { declarationJsonSchema } from './src/spec/json-schema.ts'
import type { JsonSchema } from './src/spec/written-schema.ts'

/** Keywords that say more than a type can. */
const CONSTRAINTS = new Set(['minLength', 'pattern', 'minimum', 'maximum', 'minItems', 'propertyNames'])
const UNDERSTOOD = new Set(
  'description type const enum anyOf items properties required additionalProperties'.split(' '),
)

/** Writes the types that are missing or not those of their schemas. */
export async function writeTypes(): Promise<void> {
  const {
    $schema: _,
    title: __,
    ...declaration
  } = (await declarationJsonSchema()) as JsonSchema & Record<string, unknown>
  await writeType(new URL('./src/spec/declaration.generated.ts', import.meta.url), {
    of: 'declarations',
    comment: 'What an image is made of, as people write it down. Paths of files are relative to its folder.',
    name: 'ImageDeclaration',
    schema: declaration,
  })
  await writeType(new URL('./src/manifest/manifest.generated.ts', import.meta.url), {
    of: 'manifests',
    comment:
      'What an image is made of, as a build tells. It follows from the spec, the closure and this library alone: no time, ' +
      'no host, nothing of where things were found. Offsets and sizes are in bytes.',
    name: 'ImageManifest',
    schema: MANIFEST_SCHEMA,
    // Nobody writes one by hand, a field at a time.
    isReadonly: true,
  })
}

interface Written {
  readonly of: string
  readonly comment: string
  readonly name: string
  readonly schema: JsonSchema
  readonly isReadonly?: boolean
}

async function writeType(target: URL, { of, comment, name, schema, isReadonly }: Written): Promise<void> {
  const text = [
    `/** Made by declaration.config.ts from the JSON schema of ${of}. */\n`,
    commentOf(comment, ''),
    `export interface ${name} ${typeOf(schema, { indent: '', modifier: isReadonly ? 'readonly ' : '' })}\n`,
  ].join('\n')
  const present = await readFile(target, 'utf8').catch(() => undefined)
  if (text !== present) await writeFile(target, text)
}

/** How a type is written. */
interface Style {
  /** In front of each line but the first. */
  readonly indent: string
  /** In front of the names of fields. */
  readonly modifier: string
}

/** A type. Throws for a keyword that it would pass over. */
function typeOf(schema: JsonSchema, style: Style): string {
  const unknown = Object.keys(schema).find(keyword => !UNDERSTOOD.has(keyword) && !CONSTRAINTS.has(keyword))
  if (unknown) throw new Error(`declaration.config.ts does not know the keyword ${unknown} of JSON schema; add it`)
  if (schema.const !== undefined) return `${schema.const}`
  if (schema.enum) return schema.enum.map(value => `'${value}'`).join(' | ')
  if (schema.anyOf) return [...new Set(schema.anyOf.map(one => typeOf(one, style)))].join(' | ')
  if (typeof schema.type !== 'string') return schema.type!.map(type => typeOf({ ...schema, type }, style)).join(' | ')
  switch (schema.type) {
    case 'object':
      return schema.properties ? objectOf(schema, style) : recordOf(schema, style)
    case 'array':
      return `readonly ${inBrackets(typeOf(schema.items!, style))}[]`
    case 'integer':
      return 'number'
    default:
      return schema.type
  }
}

function inBrackets(type: string): string {
  return /^\w+$/.test(type) ? type : `(${type})`
}

function objectOf({ properties, required = [] }: JsonSchema, { indent, modifier }: Style): string {
  const inner = `${indent}  `
  const fields = Object.entries(properties!).map(([name, schema]) => {
    const type = typeOf(schema, { indent: inner, modifier })
    const field = required.includes(name) ? `${modifier}${name}: ${type}` : `${modifier}${name}?: ${type} | undefined`
    return `${commentOf(schema.description, inner)}${inner}${field}\n`
  })
  return `{\n${fields.join('')}${indent}}`
}

function recordOf({ additionalProperties }: JsonSchema, style: Style): string {
  if (!additionalProperties) throw new Error('a record without values')
  return `{ [name: string]: ${typeOf(additionalProperties, style)} }`
}

function commentOf(description: string | undefined, indent: string): string {
  if (!description) throw new Error('a field of declarations without a description; add .describe() to its schema')
  return `${indent}/** ${description.replaceAll('*/', '*\\/')} */\n`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeTypes()
