import { type ByteString, encodeText, utf8Bytes } from '../bytes/index.ts'
import type { System } from '../check/index.ts'
import type { ClosureSource } from '../closure-source.ts'
import type { ImageFormat } from '../compression.ts'
import { ImageError } from '../image-error.ts'
import type { SigningKey } from '../signing/index.ts'
import type { NspawnSettings, SystemdStubs } from '../systemd/index.ts'
import { NAME_MAX, PATH_MAX, type TreeEntry } from '../tree/index.ts'

/** The fields of every entry of an image. */
export interface ImageEntryBase {
  /** Absolute path in the image. */
  path: string
  /** Owner and group, below 65536: systemd shifts no others into a user namespace. Default 0. */
  uid?: number
  gid?: number
  /** The origin of the entry, for messages about two that collide. Default: the spec's entries. */
  origin?: string
}

/** A file, directory or symlink that an image holds besides its store paths. */
export type ImageEntry = ImageEntryBase &
  (
    | {
        type: 'file'
        /** Text is written as UTF-8. */
        contents: string | Uint8Array
        /** Permission bits. Default 0o644. */
        mode?: number
      }
    | {
        type: 'directory'
        /** Permission bits. Default 0o755. */
        mode?: number
      }
    | {
        type: 'symlink'
        /** The target of the link, as the image sees it. */
        target: string
      }
  )

/** The description of an image. */
export interface ImageSpec {
  /**
   * A NixOS system: a store path with `init` and `etc/os-release`, or a symlink to one. It makes the image bootable:
   * the system profile and `/sbin/init` point to it. Without it the image holds just what is asked for.
   */
  toplevel?: string
  /** More store paths, or symlinks to some, whose closure is in the image. */
  roots?: readonly string[]
  /** The origins of the toplevel and the roots by their paths, for messages about them. Default: none. */
  rootOrigins?: Readonly<Record<string, string>>
  /** Where the closure comes from. Default: the store of this machine. */
  source?: ClosureSource
  /** Everything else in the image. Parent directories are added automatically. */
  entries?: readonly ImageEntry[]
  /** Name of the image and of its files. Default `nixos-system-SYSTEM`. */
  name?: string
  /** Default: what the toplevel says. It only names the image; one of which nobody knows is named x86_64-linux. */
  system?: System
  /** Format of the file. Default `tar.xz`. */
  format?: ImageFormat
  /** How hard to compress, 0 to 9. Default 6. */
  level?: number
  /**
   * Whether the branches of ARM64 code are converted where that makes a block smaller: images for aarch64 are some per cent
   * smaller, and need liblzma 5.4 (2022) or newer where they are imported. Only for `tar.xz`. Default false.
   */
  arm64Branches?: boolean
  /** Units, logins and files for systemd, besides the store paths. Default: none. */
  systemd?: SystemdStubs
  /** Settings of systemd-nspawn (systemd.nspawn(5)), delivered beside the image as `NAME.nspawn`: the text, or its values. */
  nspawn?: string | Uint8Array | NspawnSettings
  /** The key that signs `SHA256SUMS`. Default: none. */
  signing?: SigningKey
}

/** The entries of a spec as those of a tree. Throws `ImageError` ENTRY_INVALID. */
export function treeEntriesOf({ entries = [] }: ImageSpec): TreeEntry[] {
  return entries.map(treeEntryOf)
}

function treeEntryOf(entry: ImageEntry): TreeEntry {
  const { origin = "the spec's entries" } = entry
  const uid = checkId(entry.path, 'uid', entry.uid)
  const gid = checkId(entry.path, 'gid', entry.gid)
  const base = { path: checkPath(entry.path).slice(1), origin, uid, gid }
  switch (entry.type) {
    case 'directory':
      return { ...base, type: 'directory', mode: checkMode(entry.path, entry.mode ?? 0o755) }
    case 'symlink':
      return { ...base, type: 'symlink', target: checkTarget(entry.path, entry.target) }
    case 'file': {
      const { path, contents, mode = 0o644 } = entry
      return { ...base, type: 'file', mode: checkMode(path, mode), contents: utf8Bytes(contents) }
    }
  }
}

function checkPath(path: string): ByteString {
  const bytes = encodeText(path)
  const names = bytes.split('/').slice(1)
  const fits = bytes.length <= PATH_MAX && names.length > 0 && names.every(name => name.length <= NAME_MAX)
  if (fits && /^(?:\/(?!\.{0,2}(?:\/|$))[^/\0]+)+$/.test(path)) return bytes
  throw new ImageError(
    'ENTRY_INVALID',
    path,
    `${JSON.stringify(path)}: give an absolute path of up to ${PATH_MAX} bytes, without NUL, and without empty, "." or ` +
      `".." components or any of more than ${NAME_MAX} bytes`,
  )
}

function checkMode(path: string, mode: number): number {
  if (Number.isInteger(mode) && mode >= 0 && mode <= 0o7777) return mode
  throw new ImageError('ENTRY_INVALID', path, `${path}: a mode is permission bits, 0 to 0o7777, not ${mode}`)
}

function checkId(path: string, what: string, id = 0): number {
  if (Number.isInteger(id) && id >= 0 && id < 65536) return id
  throw new ImageError('ENTRY_INVALID', path, `${path}: a ${what} is a whole number below 65536, not ${id}`)
}

function checkTarget(path: string, target: string): ByteString {
  const bytes = encodeText(target)
  if (bytes !== '' && bytes.length <= PATH_MAX && !bytes.includes('\0')) return bytes
  const message = `${path}: a symlink's target has 1 to ${PATH_MAX} bytes and no NUL`
  throw new ImageError('ENTRY_INVALID', path, message)
}
