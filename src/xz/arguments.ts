/** Checks what a program gives to a function: what is passed over in silence is found out much later. */

/** Throws `TypeError` for what are not bytes. */
export function checkBytes(value: unknown, name: string): void {
  if (!(value instanceof Uint8Array)) throw new TypeError(`${name}: give a Uint8Array, not ${kindOf(value)}`)
}

/** Throws `TypeError` for what is no number, and `RangeError` for what is no offset. */
export function checkOffset(value: unknown, name: string): void {
  if (typeof value !== 'number') throw new TypeError(`${name}: give a whole number from 0 on, not ${kindOf(value)}`)
  if (!Number.isInteger(value) || value < 0)
    throw new RangeError(`${name}: give a whole number from 0 on, not ${value}`)
}

/** Throws `TypeError` for what is no object with these keys only. Their values are checked where they are used. */
export function checkKeys(value: unknown, known: readonly string[], name: string): void {
  if (typeof value !== 'object' || value === null) throw new TypeError(`${name}: give an object, not ${kindOf(value)}`)
  const unknown = Object.keys(value).find(key => !known.includes(key))
  if (unknown !== undefined) {
    throw new TypeError(`${name}.${JSON.stringify(unknown)}: no such key; there may be ${known.join(', ')}`)
  }
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : typeof value
}
