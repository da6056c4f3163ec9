import { relative } from 'node:path'
import { shellWord } from '../shell-word.ts'

/** A path as short as it can be given back to a shell in this folder, in quotes if need be. */
export function shellPath(path: string): string {
  return shellWord(shortPath(path))
}

/** A path as short as it means the same in this folder. */
export function shortPath(path: string): string {
  const here = relative('.', path)
  return here === '' || here.startsWith('..') ? path : here
}
