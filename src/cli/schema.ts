import type { Command } from 'commander'
import { imageJsonSchema } from '../index.ts'
import { printJson } from './print.ts'

/** Adds what the command `schema` does. */
export function defineSchema(schema: Command): void {
  schema.action(async () => {
    printJson(await imageJsonSchema(), process.stdout, 2)
  })
}
