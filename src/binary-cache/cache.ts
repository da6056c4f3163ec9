/**
 * A binary cache (nix: doc/manual/source/store/types/http-binary-cache-store.md):
 *
 *     nix-cache-info      what it says of itself
 *     DIGEST.narinfo      a store path, by the digest in its name
 *     nar/…               the NARs, where the narinfos say
 */
import { aboutUrl, describeUrl } from '../describe-url.ts'
import {
  type Access,
  CACHE_INFO,
  type DocumentOptions,
  type FileKind,
  fileKindOf,
  NARINFO,
  type NarFile,
} from '../nar-file/index.ts'
import {
  type CacheInfo,
  contentAddressOf,
  type NarInfo,
  parseCacheInfo,
  parseNarInfo,
  type StorePath,
} from '../nix/index.ts'
import { CacheError } from './errors.ts'
import type { CacheLocation } from './location.ts'

/** An open binary cache. */
export interface BinaryCache {
  readonly url: string
  /** Caches of lower numbers are asked first. */
  readonly priority: number
  /**
   * Its record of a store path, with the absolute URL of the NAR; `undefined` if it has no such path. Throws
   * `CacheError` CACHED_NARINFO_INVALID, CACHE_UNREADABLE. With `insist`, a busy server is waited for.
   */
  narInfo(path: StorePath, insist: boolean): Promise<ReadNarInfo | undefined>
}

/** A narinfo, and how long it is. */
export interface ReadNarInfo {
  readonly info: NarInfo & NarFile
  /** Bytes. */
  readonly size: number
}

/** A narinfo with a thousand references takes 80 kB. */
const NARINFO_MAX = 1024 * 1024

const CACHE_INFO_MAX = 64 * 1024

/** Opens a cache of the store `storeDir`. Throws `CacheError` CACHE_INVALID, CACHE_UNREADABLE. */
export async function openCache(
  access: Access,
  location: CacheLocation,
  storeDir: string,
  insist: boolean,
): Promise<BinaryCache> {
  const { url } = location
  const info = await readCacheInfo(access, url, insist)
  if (info.storeDir !== undefined && info.storeDir !== storeDir) {
    const message = `${url}: is a cache of the store ${info.storeDir}, not of ${storeDir}; give one of ${storeDir}`
    throw new CacheError('CACHE_INVALID', url, undefined, message)
  }
  return {
    url,
    priority: location.priority ?? info.priority,
    narInfo: (path, insist) => readNarInfo(access, url, path, insist),
  }
}

/** The record of a store path in the cache at `url`. Resolves and throws as {@link BinaryCache.narInfo}. */
export async function readNarInfo(
  access: Access,
  url: string,
  path: StorePath,
  insist: boolean,
): Promise<ReadNarInfo | undefined> {
  const at = new URL(`${path.digest}.narinfo`, url).href
  const bytes = await readDocument(access, at, NARINFO, { limit: NARINFO_MAX, insist }, path.path)
  if (bytes === undefined) return undefined
  checkKind(bytes, NARINFO, at, path)
  const info = parse(new TextDecoder().decode(bytes), at, path, access)
  const isElsewhere = new URL(info.url).origin !== new URL(at).origin && access.isPublic(at)
  return { info: { ...info, ...(isElsewhere && { isElsewhere }) }, size: bytes.length }
}

async function readCacheInfo(access: Access, url: string, insist: boolean): Promise<CacheInfo> {
  const at = new URL('nix-cache-info', url).href
  const bytes = await readDocument(access, at, CACHE_INFO, { limit: CACHE_INFO_MAX, insist })
  if (bytes === undefined) {
    const message = `${url}: not a binary cache: it has no nix-cache-info; check the URL`
    throw new CacheError('CACHE_INVALID', url, undefined, message)
  }
  if (bytes.length > 0) checkKind(bytes, CACHE_INFO, at)
  return parseCacheInfo(new TextDecoder().decode(bytes))
}

function parse(text: string, at: string, path: StorePath, { isConfined }: Access): NarInfo {
  let info: NarInfo
  try {
    info = parseNarInfo(text, path.storeDir)
    // Throws for one that is malformed, which others may have right.
    contentAddressOf(info)
  } catch (cause) {
    const message = `${path.path}: ${at}: ${(cause as Error).message}`
    throw new CacheError('CACHED_NARINFO_INVALID', at, path.path, message, { cause })
  }
  if (info.path.path !== path.path) {
    const message = `${path.path}: ${at}: is about another store path, ${info.path.path}`
    throw new CacheError('CACHED_NARINFO_INVALID', at, path.path, message)
  }
  const url = URL.parse(info.url, at)
  // A cache on the network must not name files of this machine, nor one of somebody else on this machine a server.
  const isOfFiles = at.startsWith('file:')
  const isAllowed =
    url?.protocol === 'file:' ? isOfFiles : /^https?:$/.test(url?.protocol ?? '') && !(isOfFiles && isConfined)
  if (!url || !isAllowed) {
    const message = `${path.path}: ${at}: its URL, ${JSON.stringify(describeUrl(info.url))}, leads to no place that a cache can have`
    throw new CacheError('CACHED_NARINFO_INVALID', at, path.path, message)
  }
  return { ...info, url: url.href }
}

/**
 * Throws `CacheError` for what begins as something else than it should. A parser would find no fault with the page of a
 * network that wants a login: its lines say nothing.
 */
function checkKind(bytes: Uint8Array, wanted: FileKind, at: string, path?: StorePath): void {
  const kind = fileKindOf(bytes)
  if (kind === undefined || kind === wanted) return
  const why =
    kind.compression === undefined
      ? 'a proxy, a login page or a failing server answers in its place'
      : 'the server has to say in Content-Encoding that it is compressed'
  const about = path === undefined ? '' : `${path.path}: `
  const message = `${about}${at}: is ${kind.what}, not ${wanted.what}: ${why}`
  throw new CacheError(path === undefined ? 'CACHE_UNREADABLE' : 'CACHED_NARINFO_INVALID', at, path?.path, message)
}

async function readDocument(
  access: Access,
  url: string,
  kind: FileKind,
  options: DocumentOptions,
  path?: string,
): Promise<Uint8Array | undefined> {
  try {
    return await access.document(url, {
      ...options,
      recognise: head => (fileKindOf(head) === kind ? 'file' : undefined),
    })
  } catch (cause) {
    const about = path === undefined ? '' : `${path}: `
    const message = `${about}${aboutUrl(url, (cause as Error).message)}`
    throw new CacheError('CACHE_UNREADABLE', url, path, message, { cause })
  }
}
