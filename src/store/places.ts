import { CacheError, readNarInfo } from '../binary-cache/index.ts'
import { type Access, type NarFile, NarFileError, type NarSubject } from '../nar-file/index.ts'
import type { NarHash } from '../nix/index.ts'

/** A store path and the NAR that it has to be. */
export interface WantedNar extends NarSubject {
  readonly narHash: NarHash
  readonly narSize: number
}

/** The cache among `cacheUrls` that a file is from: the longest of those that its URL begins with, as one may lie in another. */
export function cacheOf(cacheUrls: readonly string[], file: NarFile): string | undefined {
  return cacheUrls.filter(url => file.url.startsWith(url)).sort((a, b) => b.length - a.length)[0]
}

/** The caches among `cacheUrls` that a file is not from. */
export function otherCaches(cacheUrls: readonly string[], file: NarFile): string[] {
  const own = cacheOf(cacheUrls, file)
  return cacheUrls.filter(url => url !== own)
}

/**
 * Other places of a NAR: the files of these caches, and for those that do not have the store path the reason. The record of a
 * cache need not be trusted, but must be about the same NAR as the trusted one.
 */
export async function* otherPlaces(
  access: Access,
  cacheUrls: readonly string[],
  { path, narHash, narSize }: WantedNar,
  insist: boolean,
): AsyncGenerator<NarFile | NarFileError> {
  for (const url of cacheUrls) {
    try {
      const info = (await readNarInfo(access, url, path, insist))?.info
      if (!info) yield new NarFileError('NAR_FILE_MISSING', path.path, url, 'has no such store path')
      // One with another build is asked again when this build is given up.
      else if (info.narHash === narHash && info.narSize === narSize) yield info
    } catch (cause) {
      if (!(cause instanceof CacheError)) throw cause
      yield new NarFileError('NAR_FILE_MISSING', path.path, url, cause.reason, { cause })
    }
  }
}
