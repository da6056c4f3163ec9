import { relative } from 'node:path'

/** A path as short as it can be given back to a shell in this folder, in quotes if need be. */
export function shellPath(path: string): string {
  return shellWord(shortPath(path))
}

/** A path as short as it means the same in this folder. */
export function shortPath(path: string): string {
  const here = relative('.', path)
  return here === '' || here.startsWith('..') ? path : here
}

/** A word that a shell takes as it is. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
