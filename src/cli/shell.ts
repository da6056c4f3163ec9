import { relative } from 'node:path'
import { shellWord } from '../shell-word.ts'

/** The shortest form of a path for a shell in this folder, in quotes if need be. */
export function shellPath(path: string): string {
  return shellWord(shortPath(path))
}

/** The shortest form of a path in this folder. */
export function shortPath(path: string): string {
  const here = relative('.', path)
  return here === '' || here.startsWith('..') ? path : here
}
