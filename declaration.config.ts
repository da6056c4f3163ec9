/**
 * Writes the type `ImageDeclaration` (src/spec/declaration.generated.ts) from the JSON schema of declarations, so that an
 * editor shows the same texts beside a field in TypeScript as in YAML. Leaves the file alone if nothing in it changes.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { imageJsonSchema } from './src/spec/json-schema.ts'

const target = new URL('./src/spec/declaration.generated.ts', import.meta.url)

/** The part of JSON schema that declarations need. */
interface Schema {
  readonly description?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: false | Schema
}

/** Keywords that say more than a type can. */
const CONSTRAINTS = new Set(['minLength', 'pattern', 'minimum', 'maximum', 'minItems', 'propertyNames'])
const UNDERSTOOD = new Set('description type enum anyOf items properties required additionalProperties'.split(' '))

/** Writes the type, if it is missing or not that of the schema. */
export async function writeDeclarationType(): Promise<void> {
  const { $schema: _, title: __, ...schema } = (await imageJsonSchema()) as Schema & { $schema: string; title: string }
  const text = [
    '/** Made by declaration.config.ts from the JSON schema of declarations. */\n',
    commentOf('What an image is made of, as people write it down. Paths of files are relative to its folder.', ''),
    `export interface ImageDeclaration ${typeOf(schema, '')}\n`,
  ].join('\n')
  const present = await readFile(target, 'utf8').catch(() => undefined)
  if (text !== present) await writeFile(target, text)
}

/** A type, its lines but the first indented by `indent`. Throws for a keyword that it would pass over. */
function typeOf(schema: Schema, indent: string): string {
  const unknown = Object.keys(schema).find(keyword => !UNDERSTOOD.has(keyword) && !CONSTRAINTS.has(keyword))
  if (unknown) throw new Error(`declaration.config.ts does not know the keyword ${unknown} of JSON schema; add it`)
  if (schema.enum) return schema.enum.map(value => `'${value}'`).join(' | ')
  if (schema.anyOf) return [...new Set(schema.anyOf.map(one => typeOf(one, indent)))].join(' | ')
  if (typeof schema.type !== 'string') return schema.type!.map(type => typeOf({ ...schema, type }, indent)).join(' | ')
  switch (schema.type) {
    case 'object':
      return schema.properties ? objectOf(schema, indent) : recordOf(schema, indent)
    case 'array':
      return `readonly ${inBrackets(typeOf(schema.items!, indent))}[]`
    case 'integer':
      return 'number'
    default:
      return schema.type
  }
}

function inBrackets(type: string): string {
  return /^\w+$/.test(type) ? type : `(${type})`
}

function objectOf({ properties, required = [] }: Schema, indent: string): string {
  const inner = `${indent}  `
  const fields = Object.entries(properties!).map(([name, schema]) => {
    const type = typeOf(schema, inner)
    const field = required.includes(name) ? `${name}: ${type}` : `${name}?: ${type} | undefined`
    return `${commentOf(schema.description, inner)}${inner}${field}\n`
  })
  return `{\n${fields.join('')}${indent}}`
}

function recordOf({ additionalProperties }: Schema, indent: string): string {
  if (!additionalProperties) throw new Error('a record without values')
  return `{ [name: string]: ${typeOf(additionalProperties, indent)} }`
}

function commentOf(description: string | undefined, indent: string): string {
  if (!description) throw new Error('a field of declarations without a description; add .describe() to its schema')
  return `${indent}/** ${description.replaceAll('*/', '*\\/')} */\n`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeDeclarationType()
