/**
 * Reads a decimal number from 0 to 2^53 - 1, without sign and without zeros in front. Throws a plain `Error` whose
 * message goes on from the text: the caller knows what the number is for.
 */
export function parseDecimal(text: string): number {
  if (!/^(?:0|[1-9][0-9]*)$/.test(text)) throw new Error('it is not a decimal number')
  const number = Number(text)
  if (!Number.isSafeInteger(number)) throw new Error('it is 2^53 or more')
  return number
}
