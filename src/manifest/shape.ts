/** Checks values against a part of JSON schema: these keywords, which mean what they mean there, and no others. */
import { isObject } from '../is-object.ts'

/** The schema of a value. */
export interface Shape {
  readonly description?: string
  readonly type?: 'object' | 'array' | 'string' | 'integer'
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly items?: Shape
  readonly properties?: Readonly<Record<string, Shape>>
  readonly required?: readonly string[]
}

/** Whether a value of JSON has a shape. */
export type ShapeCheck = (value: unknown) => boolean

/** Makes the check of a shape. */
export function createShapeCheck(shape: Shape): ShapeCheck {
  const checks = [...checksOf(shape)]
  return value => checks.every(check => check(value))
}

function* checksOf(shape: Shape): Generator<ShapeCheck> {
  if (shape.type !== undefined) yield TYPES[shape.type]
  if ('const' in shape) yield value => value === shape.const
  if (shape.enum) yield value => shape.enum!.includes(value)
  const { pattern, minimum, maximum, minItems, items, properties, required } = shape
  if (pattern !== undefined) {
    const regexp = new RegExp(pattern, 'u')
    yield value => typeof value !== 'string' || regexp.test(value)
  }
  if (minimum !== undefined) yield value => typeof value !== 'number' || value >= minimum
  if (maximum !== undefined) yield value => typeof value !== 'number' || value <= maximum
  if (minItems !== undefined) yield value => !Array.isArray(value) || value.length >= minItems
  if (items) {
    const check = createShapeCheck(items)
    yield value => !Array.isArray(value) || value.every(check)
  }
  if (required) yield value => !isObject(value) || required.every(name => Object.hasOwn(value, name))
  for (const [name, property] of Object.entries(properties ?? {})) {
    const check = createShapeCheck(property)
    yield value => !isObject(value) || !Object.hasOwn(value, name) || check(value[name])
  }
}

const TYPES: Record<NonNullable<Shape['type']>, ShapeCheck> = {
  object: isObject,
  array: Array.isArray,
  string: value => typeof value === 'string',
  integer: Number.isInteger,
}
