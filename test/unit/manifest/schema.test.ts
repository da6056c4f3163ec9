import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { build, FORMATS, type ImageManifest, manifestJsonSchema } from '../../../src/index.ts'
import { parseManifest } from '../../../src/manifest/index.ts'
import { createNixosStore } from '../../nixos-store.ts'
import { temporaryFolder } from '../../temporary.ts'

interface Schema {
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
}

const manifestOf = async (format: (typeof FORMATS)[number]): Promise<ImageManifest> => {
  const folder = temporaryFolder()
  const { source, toplevel } = createNixosStore(folder)
  const spec = { source, toplevel, format, ...(format !== 'tar' && { level: 0 }), nspawn: '[Exec]\n' }
  const { manifest } = await build(spec, { workers: 1, cache: false }).toFolder(join(folder, 'out'))
  return JSON.parse(JSON.stringify(manifest))
}

/** The schema with no other fields than it names. */
const closed = ({ properties, items, ...schema }: Schema): Schema => ({
  ...schema,
  ...(items && { items: closed(items) }),
  ...(properties && {
    properties: Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, closed(field)])),
    additionalProperties: false,
  }),
})

const validatorOf = (schema: object) => new Ajv2020({ strict: true, allErrors: true }).compile(schema)

describe('the JSON schema of manifests', () => {
  it.each(FORMATS)('has every field of the manifest of %s', async format => {
    const validate = validatorOf(closed(manifestJsonSchema()))
    validate(await manifestOf(format))
    expect(validate.errors).toBeNull()
  })

  it('describes every field', () => {
    const undescribed = ({ properties = {}, items }: Schema, path: string): string[] => [
      ...Object.entries(properties).flatMap(([name, field]) => [
        ...(field.description ? [] : [`${path}.${name}`]),
        ...undescribed(field, `${path}.${name}`),
      ]),
      ...(items ? undescribed(items, `${path}[]`) : []),
    ]
    expect(undescribed(manifestJsonSchema(), '')).toEqual([])
  })

  it('is what a manifest is read by, as another program would', async () => {
    const manifest = await manifestOf('tar.xz')
    const validate = validatorOf(manifestJsonSchema())
    /** All places in a manifest: each a way of names and numbers. */
    const placesIn = (value: unknown, way: readonly (string | number)[] = []): (readonly (string | number)[])[] =>
      typeof value === 'object' && value !== null
        ? [way, ...Object.entries(value).flatMap(([name, inner]) => placesIn(inner, [...way, name]))]
        : [way]
    const place = fc.constantFrom(...placesIn(manifest).slice(1))
    const wrong = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom<unknown>(undefined, -1, 1, 2, 0.5, 2 ** 53, 1e300, 'a/b', '/nix/store/x', 'A'.repeat(64), [{}]),
      fc.constantFrom<unknown>(
        '0'.repeat(64),
        `${'0'.repeat(32)}-x`,
        `/nix/store/${'0'.repeat(32)}-\n`,
        'tar',
        '\u{1f600}',
      ),
    )
    const seen = { right: 0, wrong: 0 }
    fc.assert(
      fc.property(place, wrong, (way, value) => {
        const copy = structuredClone(manifest) as unknown
        const parent = way.slice(0, -1).reduce((at, name) => (at as Record<string, unknown>)[name], copy)
        const last = way.at(-1)!
        if (value === undefined && !Array.isArray(parent)) delete (parent as Record<string, unknown>)[last]
        else (parent as Record<string, unknown>)[last] = value ?? null
        const text = JSON.stringify(copy)
        const isRight = validate(JSON.parse(text))
        seen[isRight ? 'right' : 'wrong']++
        expect(parseManifest(text) !== undefined).toBe(isRight)
      }),
      { numRuns: 2000 },
    )
    expect(seen.right).toBeGreaterThan(10)
    expect(seen.wrong).toBeGreaterThan(10)
  })

  it('takes fields that it does not know, and no other version', async () => {
    const manifest = await manifestOf('tar')
    const parse = (more: object) => parseManifest(JSON.stringify({ ...manifest, ...more }))
    expect(parse({ added: 1 })).toBeDefined()
    expect(parse({ version: 2 })).toBeUndefined()
    expect(parseManifest('{')).toBeUndefined()
    expect(parseManifest('null')).toBeUndefined()
  })
})
