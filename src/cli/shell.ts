import { relative, resolve } from 'node:path'
import { shellWord } from '../shell-word.ts'

/** The shortest form of a path for a shell in this folder, in quotes if need be. */
export function shellPath(path: string): string {
  return shellWord(shortPath(path))
}

/** The shortest form of a path in this folder; in the root, where units of systemd run, the path as it is. */
export function shortPath(path: string): string {
  const here = resolve('.') === '/' ? '' : relative('.', path)
  return here === '' || here.startsWith('..') ? path : here
}
