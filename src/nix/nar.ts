/**
 * The Nix archive (nix: doc/manual/source/protocols/nix-archive/index.md, src/libutil/archive.cc).
 *
 *     nar       = str("nix-archive-1") node
 *     node      = str("(") str("type") ( regular | symlink | directory ) str(")")
 *     regular   = str("regular") [ str("executable") str("") ] str("contents") str(CONTENTS)
 *     symlink   = str("symlink") str("target") str(TARGET)
 *     directory = str("directory") { str("entry") str("(") str("name") str(NAME) str("node") node str(")") }
 *     str(s)    = the length of s as 64 bits little-endian, s, zeros up to a multiple of 8
 *
 * The names of a directory rise strictly, compared bytewise. So a tree has one NAR, and its hash identifies it.
 */
import { type ByteString, encodeByteString, writeU64le } from '../bytes/index.ts'

/*
 * The limits are those that Nix itself sets from 2.36 on (narMaxDepth in archive.hh; narMaxName and narMaxTarget in
 * archive.cc). They are Linux's own, except for the depth: what passes here, every newer Nix reads too.
 */

/** A node has fewer than this many names above it; the root has none. */
export const NAR_MAX_DEPTH = 64
/** The longest name, in bytes (Linux's NAME_MAX). */
export const NAR_MAX_NAME = 255
/** The longest symlink target, in bytes (Linux's PATH_MAX without its NUL). */
export const NAR_MAX_TARGET = 4095

/** The number of zeros behind a string of `size` bytes. */
export function narPadding(size: number): number {
  return (8 - (size % 8)) % 8
}

/**
 * The strings given, one after the other, as a NAR holds them. They may be keywords of the grammar or byte strings: throws
 * `RangeError` for a character that is not one byte.
 */
export function encodeNarStrings(...strings: string[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(strings.reduce((size, s) => size + 8 + s.length + narPadding(s.length), 0))
  let at = 0
  for (const string of strings) {
    writeU64le(bytes, at, string.length)
    // Checked by encodeByteString.
    bytes.set(encodeByteString(string as ByteString), at + 8)
    at += 8 + string.length + narPadding(string.length)
  }
  return bytes
}

/** Why a NAR cannot hold this name; `undefined` if it can. */
export function narNameProblem(name: ByteString): string | undefined {
  if (name.length === 0) return 'a name is not empty'
  if (name.length > NAR_MAX_NAME) return `a name has at most ${NAR_MAX_NAME} bytes, not ${name.length}`
  if (name === '.' || name === '..') return 'a name is not "." or ".."'
  for (let i = 0; i < name.length; i++) {
    const byte = name.charCodeAt(i)
    if (byte === 0 || byte === SLASH) return `a name holds no ${byte === 0 ? 'NUL' : '"/"'}`
    if (byte > 0xff) return 'a name is a byte string: encode text with encodeText'
  }
  return undefined
}

/** Why a NAR cannot hold this symlink target; `undefined` if it can. */
export function narTargetProblem(target: ByteString): string | undefined {
  if (target.length === 0) return 'a symlink target is not empty'
  if (target.length > NAR_MAX_TARGET) return `a target has at most ${NAR_MAX_TARGET} bytes, not ${target.length}`
  for (let i = 0; i < target.length; i++) {
    const byte = target.charCodeAt(i)
    if (byte === 0) return 'a symlink target holds no NUL'
    if (byte > 0xff) return 'a symlink target is a byte string: encode text with encodeText'
  }
  return undefined
}

const SLASH = 0x2f
