import { existsSync } from 'node:fs'
import { InvalidArgumentError } from 'commander'
import { isHttp, isPublicFolder } from '../is-http.ts'

/** Options that exclude each other: exit code 2, like an option that commander refuses. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Parses a whole number from `min` to `max`, for an option. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return text => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= min && value <= max) return value
    throw new InvalidArgumentError(`give a whole number from ${min} to ${max}`)
  }
}

/** Parses a number of bytes, such as `5GB` or `500M`, for an option. */
export function byteCount(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kMGT]?)B?$/.exec(text)
  if (match) return Math.round(Number(match[1]) * 1000 ** ['', 'k', 'M', 'G', 'T'].indexOf(match[2]))
  throw new InvalidArgumentError('give a number of bytes, such as 500MB or 5GB')
}

/** Collects the paths of an option that may be given several times. */
export function collectPaths(text: string, previous: readonly string[] = []): string[] {
  return [...previous, somePath(text)]
}

/** Takes a text. */
export function someText(text: string): string {
  if (text !== '') return text
  throw new InvalidArgumentError('give a value')
}

/** Collects the values of an option that may be given several times. */
export function collectValues(text: string, previous: readonly string[] = []): string[] {
  return [...previous, someText(text)]
}

/** Collects the URLs of servers of an option that may be given several times. */
export function collectServers(text: string, previous: readonly string[] = []): string[] {
  if (/^https?:\/\/./i.test(text) && URL.canParse(text)) return [...previous, text]
  throw new InvalidArgumentError('give a URL, such as https://cache.example.org')
}

/** Takes the URL of a folder that others may read. */
export function publicUrl(text: string): string {
  if (isPublicFolder(text)) return text
  throw new InvalidArgumentError('give a URL of a folder, such as https://images.example.org')
}

/** Collects the `PATH=FILE` of an option that may be given several times. */
export function collectNars(text: string, previous: readonly (readonly [string, string])[] = []) {
  const nar = splitNar(text)
  if (nar.some(part => part === '')) throw new InvalidArgumentError('give a store path, "=" and the file with its NAR')
  return [...previous, nar]
}

/** How a store path ends: digest and name. The name may hold "=", as a file may. */
const STORE_PATH = /\/[0-9a-z]{32}-[0-9a-zA-Z+\-._?=]+$/

/** Splits `PATH=FILE` at the last "=" that has a store path before it and a file that is there behind it; else at the first. */
function splitNar(text: string): readonly [path: string, file: string] {
  const all = [...text.matchAll(/=/g)].map(({ index }) => [text.slice(0, index), text.slice(index + 1)] as const)
  const fitting = all.filter(([path]) => STORE_PATH.test(path))
  return fitting.findLast(([, file]) => existsSync(file)) ?? fitting[0] ?? all[0] ?? [text, '']
}

/** Collects the `NAME=VALUE` of an option that may be given several times. */
export function collectVariables(text: string, previous: Readonly<Record<string, string>> = {}) {
  const split = text.indexOf('=')
  if (split <= 0) throw new InvalidArgumentError('give a name, "=" and a value')
  return { ...previous, [text.slice(0, split)]: text.slice(split + 1) }
}

/** Takes a path, or the URL of a web server. */
export function pathOrUrl(text: string): string {
  if (!isHttp(text) || URL.canParse(text)) return somePath(text)
  throw new InvalidArgumentError('give a path, or a URL such as https://example.org/web.tar.xz')
}

/**
 * Takes the path of an option, but not that of an unset variable, which would mean this folder, and not "-", by which users mean
 * standard input or output.
 */
export function somePath(text: string): string {
  if (text === '-') throw new InvalidArgumentError('give a path; that of a file with this name is ./-')
  if (text !== '') return text
  throw new InvalidArgumentError('give a path')
}

/** Takes the path of a file to write, or "-" for standard output. */
export function pathOrStdout(text: string): string {
  return text === '-' ? text : somePath(text)
}
