import { type ByteString, compareByteStrings } from '../bytes/index.ts'

/**
 * The key that puts paths into the order of an archive: depth first, names of one directory compared bytewise. NUL
 * sorts before every byte a name can hold, so a directory's contents come right behind it, before `name.suffix`.
 */
function sortKey(path: ByteString): ByteString {
  // Still one character a byte.
  return path.replaceAll('/', '\0') as ByteString
}

/** Orders paths as GNU tar's `--sort=name` does; for `Array.prototype.sort`. */
export function comparePaths(a: ByteString, b: ByteString): number {
  return compareByteStrings(sortKey(a), sortKey(b))
}
