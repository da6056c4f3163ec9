import { z } from 'zod'
import { type NspawnSettings, SETTINGS_KEYS, type SettingKey } from '../systemd/index.ts'

/**
 * The settings of a declaration. What may stand in them is checked by `settingsProblems`, which knows more of systemd than
 * a shape can tell.
 */
export const nspawnSchema = z.custom<NspawnSettings>(() => true)

/** The JSON schema of {@link nspawnSchema}. */
export function nspawnJsonSchema(): object {
  const sections = Object.entries(SETTINGS_KEYS).map(([section, keys]) => {
    const properties = Object.entries(keys).map(([key, setting]) => [key, schemaOf(setting)] as const)
    const description = `The section [${section}]`
    const schema = {
      ...{ description, type: 'object' },
      ...{ properties: Object.fromEntries(properties), additionalProperties: false },
    }
    return [section, schema] as const
  })
  return {
    description: 'Settings of systemd-nspawn, delivered as NAME.nspawn: see systemd.nspawn(5)',
    ...{ type: 'object', properties: Object.fromEntries(sections), additionalProperties: false },
  }
}

function schemaOf({ meaning, kind, since, isPrivileged }: SettingKey<unknown>): object {
  const types = kind.types.map(type => typeOf(type, kind.values))
  const notes = [
    kind.right,
    ...(since === undefined ? [] : [`systemd ${since} or newer`]),
    ...(isPrivileged ? ['only in a trusted file'] : []),
  ]
  const list = kind.several ? [{ type: 'array', items: types.length > 1 ? { anyOf: types } : types[0] }] : []
  return { description: `${meaning}: ${notes.join('; ')}`, anyOf: [...types, ...list] }
}

function typeOf(type: 'boolean' | 'number' | 'string', values: readonly string[] | undefined): object {
  if (type === 'string' && values) return { enum: values }
  // No key of systemd-nspawn takes a fraction.
  return { type: type === 'number' ? 'integer' : type }
}
