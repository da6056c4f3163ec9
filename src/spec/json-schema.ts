/**
 * The JSON schema (2020-12) of a declaration, from which editors complete and check `image.yaml`. Asynchronous, since what
 * makes it is loaded for those who want it.
 */
export async function imageJsonSchema(): Promise<object> {
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
  return { title: 'nspawn-rootfs image', ...schema }
}
