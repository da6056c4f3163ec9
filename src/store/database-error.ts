import { statSync } from 'node:fs'
import { reasonOf } from '../disk/index.ts'
import { StoreError } from './errors.ts'

/** The system's error about a file, in words, and advice. */
const SYSTEM: Readonly<Record<string, readonly [why: string, advice: string]>> = {
  ENOENT: ['not there', 'name the folder that stands for / of a store'],
  ENOTDIR: ['not there: on the way to it is a file', 'name the folder that stands for / of a store'],
  ELOOP: ['the symlinks on the way to it lead in a circle', 'name the folder that stands for / of a store'],
  EACCES: ['permission denied', 'run as a user who may read it'],
  EPERM: ['permission denied', 'run as a user who may read it'],
}

/** The meanings of SQLite's result codes (sqlite3.h). */
const SQLITE: Readonly<Record<number, readonly [why: string, advice: string]>> = {
  1: [
    'not the database of a Nix store, or one of a version that is not known',
    'name the folder that stands for / of a store',
  ],
  5: ['locked by another process', 'try again when nothing writes to the store'],
  6: ['locked by another process', 'try again when nothing writes to the store'],
  11: ['damaged', 'restore it from a backup'],
  26: ['not an SQLite database, or damaged', 'restore it from a backup'],
}

/** The error about a database that could not be read because of `error`. */
export function unreadable(file: string, error: unknown): StoreError {
  const { code = '', errcode = 0 } = error as { readonly code?: string; readonly errcode?: number }
  // That something is not there is said of the file itself, and not of what SQLite has beside it.
  const system = codeOfFile(file) ?? (code === 'ENOENT' ? '' : code)
  const [why, advice] = SYSTEM[system] ?? SQLITE[errcode & 0xff] ?? ['cannot be read', 'check the file']
  const said = why === 'permission denied' || why.startsWith('not there') ? '' : ` (${reasonOf(error)})`
  const message = `${file}: ${why}${said}; ${advice}, or give a closureInfo folder (--closure-info)`
  return new StoreError('STORE_UNREADABLE', file, message, { cause: error })
}

/** Why not even the attributes of a file can be read; `undefined` if they can. */
function codeOfFile(file: string): string | undefined {
  try {
    statSync(file)
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code
  }
}
