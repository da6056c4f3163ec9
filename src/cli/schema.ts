import { Argument, type Command } from 'commander'
import { imageJsonSchema, manifestJsonSchema } from '../index.ts'
import { printJson } from './print.ts'

/** The schemas by name, each with the function that makes it. */
const SCHEMAS = { declaration: imageJsonSchema, manifest: manifestJsonSchema }

const EPILOGUE = `
The package has both as files: image.schema.json and manifest.schema.json.

Examples:
  nspawn-rootfs schema > image.schema.json
  nspawn-rootfs schema manifest > manifest.schema.json

Topics: nspawn-rootfs help declaration, delivery`

/** Adds the argument of the command `schema`, and what it does. */
export function defineSchema(schema: Command): void {
  schema
    .addArgument(
      new Argument('[OF]', 'what to print the schema of').choices(Object.keys(SCHEMAS)).default('declaration'),
    )
    .addHelpText('after', EPILOGUE)
    .action(async (of: keyof typeof SCHEMAS) => {
      printJson(await SCHEMAS[of](), process.stdout, 2)
    })
}
