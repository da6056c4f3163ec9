import type { ByteString } from '../bytes/index.ts'
import { REGISTRATION_FILE, REGISTRATION_MAX } from '../stored-paths.ts'
import { type ImageNode, isExecutable, NAME_MAX, PATH_MAX, TEXT_MAX } from '../tree/index.ts'
import type { PaxRecords } from '../untar/index.ts'
import { DEPTH_MAX } from './limits.ts'

/** What an entry of an archive makes; `other` for what no importer knows. */
export type EntryType = ImageNode['type']

/** An entry of an archive, in its turn. What is read in contents that are not known is taken to be right. */
export type CheckedEntry = ImageNode & {
  /** As it is stored. */
  readonly path: ByteString
  /** Owner and group. Default 0. */
  readonly uid?: number
  readonly gid?: number
  /** The pax records of the entry. */
  readonly pax?: PaxRecords
}

/** Enough for an ELF header with the interpreter's name in its usual place, and for any `#!` line (execve(2)). */
export const PROGRAM_HEAD = 1024

/** The texts by which a NixOS system starts: its scripts, the commands that they run, and its units with their scripts. */
const STARTUP_TEXT =
  /^(?:nix\/store\/[^/]+(?:\/(?:init|prepare-root|activate)|-local-cmds|-(?:unit-|system-units)[^/]*\/.+)|etc\/systemd\/.+)$/

/** Files that the rules look at besides programs, and how many bytes of each. The tree may lie in one folder. */
const HEADS: readonly (readonly [RegExp, number])[] = [
  [new RegExp(`^${REGISTRATION_FILE}$`), REGISTRATION_MAX],
  // Enough for any of them.
  [STARTUP_TEXT, TEXT_MAX],
  // An ID has 32 digits and may be followed by a newline.
  [/^([^/]+\/)?etc\/machine-id$/, 64],
]

/** Bytes at the start of a file that the rules look at. */
export function headSize(path: ByteString, mode: number): number {
  if (!fits(path)) return 0
  return textSize(path) ?? (isExecutable(mode) ? PROGRAM_HEAD : 0)
}

/** Whether a file is looked at as a text, and not only for what the kernel makes of it. */
export function isText(path: ByteString): boolean {
  return textSize(path) !== undefined
}

function textSize(path: ByteString): number | undefined {
  return HEADS.find(([pattern]) => pattern.test(path))?.[1]
}

/** Whether a path is one that is kept: not longer than a kernel takes, nor deeper than new versions of systemd do. */
export function fits(path: ByteString): boolean {
  if (path.length < 2 * DEPTH_MAX) return true
  if (path.length > PATH_MAX) return false
  let depth = 0
  for (let start = 0; start <= path.length && depth <= DEPTH_MAX; depth++) {
    const slash = path.indexOf('/', start)
    const end = slash === -1 ? path.length : slash
    if (end - start > NAME_MAX) return false
    start = end + 1
  }
  return depth <= DEPTH_MAX
}

/** How many names a path has. */
export function depthOf(path: ByteString): number {
  let depth = 1
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) depth++
  return depth
}
