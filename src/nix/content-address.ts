/**
 * Content addresses: store paths that follow from what they hold
 * (nix: src/libstore/content-address.cc, store-dir-config.cc, doc/manual/source/protocols/store-path.md).
 *
 *     ca       = ( "text" | "fixed" | "fixed:r" | "fixed:git" ) ":" ALGORITHM ":" DIGEST
 *     path     = STOREDIR "/" base 32 of fold(SHA-256(TYPE ":sha256:" INNER ":" STOREDIR ":" NAME)) "-" NAME
 *
 *     ca of                      TYPE                                    INNER, base 16
 *     text, SHA-256              "text" { ":" REFERENCE }                DIGEST
 *     fixed:r, SHA-256           "source" { ":" REFERENCE } [ ":self" ]  DIGEST
 *     all others                 "output:out"                            SHA-256("fixed:out:" [ "r:" | "git:" ] ALGORITHM
 *                                                                          ":" base 16 of DIGEST ":")
 *
 * `fold` lays the 32 bytes over 20 by exclusive or. The references are whole paths, each once, in bytewise order, the
 * path itself being `:self`. Only the first two rows have references, and only the second one itself among them. DIGEST is
 * that of a git object (git-hash.ts) for `fixed:git`, where it is a SHA-1 or a SHA-256.
 */
import { createHash } from './crypto.ts'
import { messageOf, NixError, quote } from './errors.ts'
import { encodeBase16, formatSha256Base16, normalizeHash } from './hash.ts'
import { decodeNixBase32, encodeNixBase32 } from './nixbase32.ts'
import type { PathInfo } from './path-info.ts'
import { DEFAULT_STORE_DIR, parseStorePathBaseName, type StorePath } from './store-path.ts'

/** The algorithms of content addresses; crypto.ts has all of them but blake3. */
export type HashAlgorithm = 'md5' | 'sha1' | 'sha256' | 'sha512' | 'blake3'

/** A content address in its parts. */
export interface ContentAddress {
  /** What was hashed: the file of a text or of a flat fixed output, the NAR, or the contents as git has them. */
  readonly method: 'text' | 'flat' | 'nar' | 'git'
  readonly algorithm: HashAlgorithm
  readonly digest: Uint8Array
}

/** The check that a path's contents are those that its content address names. */
export interface ContentCheck {
  /**
   * `file`: the contents of the one regular file, not executable, that the path has to be. `nar`: the NAR; for SHA-256
   * the digest is then that of the path's `narHash`. `nar-without-self`: the NAR without the path's own digest, as
   * `createModuloHash` has it. `git`: the contents as `createGitHash` has them.
   */
  readonly over: 'file' | 'nar' | 'nar-without-self' | 'git'
  readonly algorithm: HashAlgorithm
  readonly digest: Uint8Array
}

/**
 * The content address of a record; `undefined` if it has none, or one of a method not known here. Throws `NixError`
 * CONTENT_ADDRESS_INVALID where the method is known and what follows is no hash.
 */
export function contentAddressOf(info: Pick<PathInfo, 'ca'>): ContentAddress | undefined {
  const [, prefix, hash] = /^(text|fixed|fixed:r|fixed:git):([^:]*:[^:]*)$/.exec(info.ca ?? '') ?? []
  if (prefix === undefined || hash === undefined) return undefined
  try {
    const [algorithm, digest] = normalizeHash(hash).split(':')
    return {
      method: METHODS[prefix],
      algorithm: algorithm as HashAlgorithm,
      digest: decodeNixBase32(digest),
    }
  } catch (cause) {
    const message = `not a content address: ${quote(info.ca ?? '')}: ${messageOf(cause)}`
    throw new NixError('CONTENT_ADDRESS_INVALID', message, { input: info.ca, cause })
  }
}

/**
 * The store path of contents with that address, which refer to `others` and, if `self`, to their own path; `undefined`
 * where such contents may not have these references, or the address may not have this algorithm. Throws `NixError`
 * STORE_PATH_INVALID for a name that no store path has.
 */
export function storePathOfContentAddress(
  name: string,
  address: ContentAddress,
  others: readonly StorePath[],
  self: boolean,
  storeDir: string = DEFAULT_STORE_DIR,
): StorePath | undefined {
  const { method, algorithm, digest } = address
  const make = (type: string, inner: Uint8Array): StorePath => {
    const outer = sha256(`${type}:sha256:${formatSha256Base16(inner)}:${storeDir}:${name}`)
    return parseStorePathBaseName(`${encodeNixBase32(fold(outer))}-${name}`, storeDir)
  }
  if (algorithm === 'sha256' && (method === 'text' || method === 'nar')) {
    if (method === 'text' && self) return undefined
    const references = [...new Set(others.map(other => other.path))].sort()
    return make([method === 'text' ? 'text' : 'source', ...references, ...(self ? ['self'] : [])].join(':'), digest)
  }
  if (method === 'text' || self || others.length > 0) return undefined
  if (method === 'git' && algorithm !== 'sha1' && algorithm !== 'sha256') return undefined
  const prefix = { flat: '', nar: 'r:', git: 'git:' }[method]
  const inner = `fixed:out:${prefix}${algorithm}:${encodeBase16(digest)}:`
  return make('output:out', sha256(inner))
}

/**
 * Whether the record's content address, its references and its name yield its store path. Nix takes such a path
 * without a signature. But a `true` here says only what the contents must hash to, not that they do: whoever trusts
 * it must hold the contents against {@link contentCheckOf}. Throws as {@link contentAddressOf}.
 */
export function isContentAddressed(info: Pick<PathInfo, 'path' | 'references' | 'ca'>): boolean {
  const address = contentAddressOf(info)
  if (address === undefined) return false
  const { name, storeDir, path } = info.path
  const others = info.references.filter(reference => reference.path !== path)
  const self = others.length < info.references.length
  return storePathOfContentAddress(name, address, others, self, storeDir)?.path === path
}

/**
 * The check of the contents by their content address; `undefined` unless {@link isContentAddressed}. Throws as
 * {@link contentAddressOf}.
 */
export function contentCheckOf(info: Pick<PathInfo, 'path' | 'references' | 'ca'>): ContentCheck | undefined {
  const address = contentAddressOf(info)
  if (address === undefined || !isContentAddressed(info)) return undefined
  const { method, algorithm, digest } = address
  const self = info.references.some(reference => reference.path === info.path.path)
  const over = method === 'git' ? 'git' : method !== 'nar' ? 'file' : self ? 'nar-without-self' : 'nar'
  return { over, algorithm, digest }
}

const METHODS: Record<string, ContentAddress['method']> = {
  text: 'text',
  fixed: 'flat',
  'fixed:r': 'nar',
  'fixed:git': 'git',
}

function sha256(text: string): Uint8Array {
  return createHash('sha256').update(text).digest()
}

function fold(digest: Uint8Array): Uint8Array {
  const folded = new Uint8Array(STORE_DIGEST_SIZE)
  for (const [i, byte] of digest.entries()) folded[i % STORE_DIGEST_SIZE] ^= byte
  return folded
}

const STORE_DIGEST_SIZE = 20
