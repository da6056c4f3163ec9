import type { Command } from 'commander'
import { imageJsonSchema } from '../index.ts'

/** Adds what the command `schema` does. */
export function defineSchema(schema: Command): void {
  schema.action(async () => {
    process.stdout.write(`${JSON.stringify(await imageJsonSchema(), null, 2)}\n`)
  })
}
