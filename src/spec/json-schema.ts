import { type JsonSchema, writtenSchema } from './written-schema.ts'

/**
 * The JSON schema (2020-12) of `image.yaml`, from which editors complete and check it. It takes what `define` reads: variables,
 * modes without quotes, empty sections. Asynchronous, since what makes it is loaded for those who want it.
 */
export async function imageJsonSchema(): Promise<object> {
  return writtenSchema(await declarationJsonSchema())
}

/** The JSON schema of a declaration that a program makes. */
export async function declarationJsonSchema(): Promise<JsonSchema> {
  const [{ toJSONSchema }, { declarationSchema }, { nspawnJsonSchema, nspawnSchema }] = await Promise.all([
    import('zod'),
    import('./declaration.ts'),
    import('./nspawn-schema.ts'),
  ])
  const schema = toJSONSchema(declarationSchema, {
    io: 'input',
    unrepresentable: 'any',
    override({ zodSchema, jsonSchema }) {
      if ((zodSchema as unknown) === nspawnSchema) Object.assign(jsonSchema, nspawnJsonSchema())
    },
  })
  return { title: 'nspawn-rootfs image', ...schema } as JsonSchema
}
