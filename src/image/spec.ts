import { byteStringOfText } from '../bytes/index.ts'
import { FORMATS, type ImageFormat } from '../container/index.ts'
import type { ClosureSource } from '../store/index.ts'
import type { TreeEntry } from '../tree/index.ts'
import { ImageError } from './errors.ts'

/** The systems that images are named after. */
export const SYSTEMS = ['x86_64-linux', 'aarch64-linux'] as const

/** A system, as Nix names it. */
export type System = (typeof SYSTEMS)[number]

/** A file, directory or symlink that an image holds besides its store paths. */
export type ImageEntry =
  | {
      type: 'file'
      /** Absolute path in the image. */
      path: string
      /** Text is written as UTF-8. */
      contents: string | Uint8Array
      /** Permission bits. Default 0o644. */
      mode?: number
    }
  | {
      type: 'directory'
      path: string
      /** Permission bits. Default 0o755. */
      mode?: number
    }
  | {
      type: 'symlink'
      path: string
      /** What the link points to, as the image sees it. */
      target: string
    }

/** What an image is made of. */
export interface ImageSpec {
  /**
   * A NixOS system: a store path with `init` and `etc/os-release`, or a symlink to one. It makes the image bootable:
   * the system profile and `/sbin/init` point to it. Without it the image holds just what is asked for.
   */
  toplevel?: string
  /** More store paths, or symlinks to some, whose closure is in the image. */
  roots?: readonly string[]
  /** Where the closure comes from. Default: the store of this machine. */
  source?: ClosureSource
  /** Everything else in the image. Parent directories come by themselves. */
  entries?: readonly ImageEntry[]
  /** Name of the image and of its files. Default `nixos-system-SYSTEM`. */
  name?: string
  /** Default: what the toplevel says, else that of this machine. It only names the image. */
  system?: System
  /** Format of the file. Default `tar.xz`. */
  format?: ImageFormat
  /** How hard to compress, 0 to 9. Default 6. */
  level?: number
  /** A settings file (systemd.nspawn(5)), delivered beside the image as `NAME.nspawn`. */
  settings?: string | Uint8Array
}

/** The level of a spec that names none: what xz takes, too. */
const DEFAULT_LEVEL = 6

/** Format and level of a spec, checked. Throws `RangeError`. */
export function compressionOf(spec: ImageSpec): { format: ImageFormat; level: number } {
  const { format = 'tar.xz', level = DEFAULT_LEVEL } = spec
  if (!FORMATS.includes(format)) {
    throw new RangeError(`format: one of ${FORMATS.join(', ')}, not ${JSON.stringify(format)}`)
  }
  if (!Number.isInteger(level) || level < 0 || level > 9) {
    throw new RangeError(`level: a whole number from 0 to 9, not ${level}`)
  }
  return { format, level }
}

/** An entry of a spec as one of a tree. Throws `ImageError` ENTRY_INVALID. */
export function treeEntryOf(entry: ImageEntry): TreeEntry {
  const { path } = entry
  if (!/^(?:\/(?!\.{0,2}(?:\/|$))[^/\0]+)+$/.test(path)) {
    throw new ImageError(
      'ENTRY_INVALID',
      path,
      `${JSON.stringify(path)}: give the absolute path of an entry, without empty, "." or ".." components or NUL`,
    )
  }
  const base = { path: byteStringOfText(path.slice(1)), origin: `the spec's entries` }
  switch (entry.type) {
    case 'directory':
      return { ...base, type: 'directory', mode: checkMode(path, entry.mode ?? 0o755) }
    case 'symlink':
      return { ...base, type: 'symlink', target: byteStringOfText(checkTarget(path, entry.target)) }
    case 'file': {
      const { contents, mode = 0o644 } = entry
      return { ...base, type: 'file', mode: checkMode(path, mode), contents: bytesOf(contents) }
    }
  }
}

/** Text as UTF-8, bytes as they are. */
export function bytesOf(contents: string | Uint8Array): Uint8Array {
  return typeof contents === 'string' ? new TextEncoder().encode(contents) : contents
}

function checkMode(path: string, mode: number): number {
  if (Number.isInteger(mode) && mode >= 0 && mode <= 0o7777) return mode
  throw new ImageError('ENTRY_INVALID', path, `${path}: a mode is permission bits, 0 to 0o7777, not ${mode}`)
}

function checkTarget(path: string, target: string): string {
  if (target !== '' && !target.includes('\0')) return target
  throw new ImageError('ENTRY_INVALID', path, `${path}: a symlink's target is not empty and holds no NUL`)
}
