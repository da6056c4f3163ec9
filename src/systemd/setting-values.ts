/** Values of a key in a program and in a file: `true` and `yes`, lists and words. */
import { SystemdError } from './errors.ts'
import type { SettingKind } from './setting-kinds.ts'
import { splitWords } from './unit-file.ts'

type Item = boolean | number | string

/**
 * The value that a text in a file stands for, with a list for a key that may have several. What is no value of the key
 * stays the text that it is. `undefined` if a quote is not closed.
 */
export function readValue(kind: SettingKind<unknown>, text: string): Item | Item[] | undefined {
  if (kind.several === undefined) return readItem(kind, text)
  return textsOf(kind, text)?.map(one => readItem(kind, one))
}

function textsOf(kind: SettingKind<unknown>, text: string): string[] | undefined {
  if (!kind.isQuoted) return kind.several === 'words' ? text.split(/[ \t]+/) : [text]
  try {
    return splitWords(text, 'value')
  } catch (error) {
    if (error instanceof SystemdError) return undefined
    throw error
  }
}

function readItem({ types, values, fits }: SettingKind<unknown>, text: string): Item {
  if (values?.includes(text)) return text
  if (types.includes('boolean') && /^(1|yes|y|true|t|on)$/i.test(text)) return true
  // Written, it is "no": where that is a word of its own, it is read as that word.
  if (types.includes('boolean') && /^(0|no|n|false|f|off)$/i.test(text)) return values?.includes('no') ? 'no' : false
  return !types.includes('string') && fits?.(text) ? Number(text) : text
}

/** The texts in a file for a value that is right: one for each line of the key. */
export function writeValue(kind: SettingKind<unknown>, value: unknown): string[] {
  const texts = (itemsOf(kind, value) ?? []).map(item => (kind.isQuoted ? quoted(textOf(item)) : textOf(item)))
  return kind.several === 'words' && texts.length > 0 ? [texts.join(' ')] : texts
}

/** The single values of a value: a text may hold several words. `undefined` if a quote is not closed. */
export function itemsOf(kind: SettingKind<unknown>, value: unknown): unknown[] | undefined {
  if (Array.isArray(value)) return value
  return kind.several === 'words' && typeof value === 'string' ? textsOf(kind, value) : [value]
}

/** The fault of a single value; `undefined` if there is none. */
export function problemWithItem({ right, types, values, fits, isQuoted }: SettingKind<unknown>, item: unknown) {
  const wrong = `give ${right}, not ${JSON.stringify(item)}`
  if (!types.some(type => type === typeof item)) return wrong
  if (typeof item === 'boolean') return undefined
  const text = String(item)
  if (/[^\P{Cc}\t]/u.test(text)) return 'holds a newline or another control character; give one line of text'
  // They would be lost, or the next line would belong to this one.
  if (!isQuoted && /^[ \t]|[ \t\\]$/.test(text)) return 'has space around it or a "\\" at its end; leave them out'
  return (values?.includes(text) ?? fits?.(text) ?? true) ? undefined : wrong
}

function textOf(item: unknown): string {
  return typeof item === 'boolean' ? (item ? 'yes' : 'no') : String(item)
}

/** A word, in quotes where it needs them, which take all but themselves as it is; those of one kind go into the other. */
function quoted(text: string): string {
  if (/^[^\s'"\\]+$/.test(text)) return text
  return text.replace(/[^"]+|"+|^$/g, part => (part.startsWith('"') ? `'${part}'` : `"${part}"`))
}
