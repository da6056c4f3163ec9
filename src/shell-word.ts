const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/**
 * A word that every shell takes as it is, in quotes if need be, and in one line: with characters that cannot be seen it is in
 * `$'…'`, which bash and zsh take, and POSIX shells from 2024 on. The brackets of an IPv6 address may be a pattern.
 */
export function shellWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word
  if (word.search(INVISIBLE) < 0) return `'${word.replaceAll("'", `'\\''`)}'`
  return `$'${word.replaceAll(/[\\']/g, '\\$&').replaceAll(INVISIBLE, bytesOf)}'`
}

function bytesOf(character: string): string {
  return Array.from(Buffer.from(character), byte => `\\x${byte.toString(16).padStart(2, '0')}`).join('')
}
