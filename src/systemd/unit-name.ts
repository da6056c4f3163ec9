/**
 * The names of units (systemd.unit(5); `unit_name_is_valid` in systemd's `src/basic/unit-name.c`):
 *
 *     plain      PREFIX.TYPE               of letters, digits and : - _ . \, at most 255 bytes in all
 *     template   PREFIX@.TYPE              the file of any number of units
 *     instance   PREFIX@INSTANCE.TYPE      one of these units; INSTANCE may hold further @
 */
import { SystemdError } from './errors.ts'

/** The name of a unit, in its parts. */
export interface UnitName {
  readonly text: string
  readonly kind: 'plain' | 'template' | 'instance'
  readonly prefix: string
  /** Empty unless it is an instance. */
  readonly instance: string
  readonly type: string
}

const UNIT_NAME =
  /^([\w:.\\-]+)(?:(@)([\w:.\\@-]*))?\.(service|socket|target|device|mount|automount|swap|timer|path|slice|scope)$/
const UNIT_NAME_MAX = 255

/** Takes the name of a unit apart; `undefined` for other text. */
export function parseUnitName(text: string): UnitName | undefined {
  const match = text.length <= UNIT_NAME_MAX ? UNIT_NAME.exec(text) : null
  if (match === null) return undefined
  const [, prefix, at, instance = '', type] = match
  return { text, kind: at === undefined ? 'plain' : instance === '' ? 'template' : 'instance', prefix, instance, type }
}

/** Checks the name of a unit and returns it. Throws `SystemdError` UNIT_INVALID. */
export function checkUnitName(name: string): string {
  if (parseUnitName(name) !== undefined) return name
  throw new SystemdError(
    'UNIT_INVALID',
    `${JSON.stringify(name)} is not the name of a unit: use up to ${UNIT_NAME_MAX} letters, digits and : - _ . \\, ` +
      'with the type at the end, such as web.service, getty@.service or getty@tty1.service',
  )
}

/** The unit that a template makes for an instance. Throws `SystemdError` UNIT_INVALID. */
export function instanceOf(template: UnitName, instance: string): UnitName {
  const name = checkUnitName(`${template.prefix}@${instance}.${template.type}`)
  return { ...template, text: name, kind: instance === '' ? 'template' : 'instance', instance }
}

/** The files that a unit is read from: the first that there is. An instance has its template's unless it has its own. */
export function filesOfUnit(name: UnitName): string[] {
  return name.kind === 'instance' ? [name.text, instanceOf(name, '').text] : [name.text]
}

/** Whether units of a type can be templates (`unit_type_may_template` in systemd's `src/basic/unit-file.c`). */
export function canBeTemplate({ type }: UnitName): boolean {
  return ['service', 'socket', 'target', 'timer', 'path'].includes(type)
}

/** Whether units of a type can have other names (`unit_type_may_alias`, in the same file). */
export function canHaveAlias(name: UnitName): boolean {
  return canBeTemplate(name) || name.type === 'device'
}
