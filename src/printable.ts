/**
 * Makes foreign text safe to show. A terminal obeys some characters instead of showing them: they move the
 * cursor, paint over what stands there, or fill the clipboard; others turn the order of text around, or cannot be seen.
 */

/** Control and format characters, separators of lines, and halves of characters. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** The longest text that a message quotes. */
const QUOTE_MAX = 300

/** A text in one line in which all can be seen: other characters become `\xNN` or `\u{N}`. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escapeCharacter)
}

/** The same with its lines and tabs as they are: for messages of ours, in which names are quoted already. */
export function printableLines(text: string): string {
  return text.replace(UNPRINTABLE, character => (/[\n\t]/.test(character) ? character : escapeCharacter(character)))
}

/** A text in quotes, in one line, and cut off if it is long: for a message. */
export function quoted(text: string): string {
  return text.length <= QUOTE_MAX ? quote(text) : `${quote(text.slice(0, QUOTE_MAX))}…`
}

/** A text, cut off if it is long: for a message that names it without quotes. */
export function shortened(text: string): string {
  return text.length <= QUOTE_MAX ? text : `${text.slice(0, QUOTE_MAX)}…`
}

/** A value as JSON whose text can be shown: what it means is the same. */
export function printableJson(value: unknown, indent?: number): string {
  // Outside of texts there are no such characters but the newlines of an indentation.
  return JSON.stringify(value, null, indent).replace(UNPRINTABLE, escapeForJson)
}

function quote(text: string): string {
  return JSON.stringify(text).replace(UNPRINTABLE, escapeForJson)
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0)!
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
}

function escapeForJson(character: string): string {
  if (character === '\n') return character
  return Array.from({ length: character.length }, (_, i) => character.charCodeAt(i))
    .map(unit => `\\u${unit.toString(16).padStart(4, '0')}`)
    .join('')
}
