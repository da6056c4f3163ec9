import { readFile, realpath, stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { readPieces, withDescriptor } from '../descriptors.ts'
import { isMissing } from '../disk/index.ts'
import type { FileRange, HttpClient, RangeAnswer, Recognise } from '../http/index.ts'
import { isBelow } from '../is-below.ts'
import { createThrottle, roomAt, type ThrottleMemory } from '../throttle/index.ts'
import { VERSION } from '../version.ts'
import type { NarFile } from './nar-file.ts'

/** Credentials for servers that do not answer everybody. Plain data. */
export interface Credentials {
  /** The text of a netrc file. */
  readonly netrc?: string
  /** Bearer tokens, each sent to no other origin (scheme, host and port) than that of its URL. */
  readonly tokens?: readonly { readonly url: string; readonly token: string }[]
}

/** A user and a password, sent to no other origin than that of the URL. Plain data. */
export interface Login {
  readonly url: string
  readonly user: string
  readonly password: string
}

/** How to reach files. Plain data. */
export interface AccessOptions extends Credentials {
  /** Logins from the URLs of caches. They override the other credentials. */
  readonly logins?: readonly Login[]
  /**
   * Milliseconds without a byte after which a server is asked again, and at last given up; one that is busy is given up
   * after nine times as long without any success. Default 20 000.
   */
  readonly stallTimeout?: number
  /** A folder, by its real path, that files of this machine have to lie below, symlinks followed. Default: they may be anywhere. */
  readonly filesBelow?: string
  /** The state of the servers, shared with other threads. Default: this access's own. */
  readonly throttle?: ThrottleMemory
}

/** Reads files by URL: `file:`, `http:` or `https:`. */
export interface Access {
  /** The whole of a small file, at most `limit` bytes; `undefined` if there is none. */
  document(url: string, options: DocumentOptions): Promise<Uint8Array | undefined>
  /** A file of at most `limit` bytes, or a stretch of a local one; `undefined` if there is none. */
  open(url: string, options: OpenOptions): Promise<AsyncIterable<Uint8Array> | undefined>
  /** A part of a file on a server; `undefined` if there is no such file. The whole file has at most `limit` bytes. */
  openRange(url: string, range: FileRange, limit: number): Promise<RangeAnswer | undefined>
  /** Files that may be fetched from there ahead of their need: `Infinity`, or few while a server refuses requests. */
  roomAt(url: string): number
  /** Gives up connections that others may need first, as `HttpClient.release` does: for a thread that blocks for long. */
  release(): void
  /** Whether the server of a URL was asked, and is one of the internet. */
  isPublic(url: string): boolean
  /** Whether files of this machine are kept to a folder; then none of them may lead to a server. */
  readonly isConfined: boolean
  /** Ends all reading. */
  close(): Promise<void>
}

export interface DocumentOptions {
  readonly limit: number
  /** Whether the server may compress it for its transport. Default false. */
  readonly acceptsGzip?: boolean
  /** Whether no other place has it: then a busy server is waited for. Default true. */
  readonly insist?: boolean
  /** Recognises the file by its first bytes: servers may say that it is encoded where it is not. */
  readonly recognise?: Recognise
}

export type OpenOptions = DocumentOptions & Pick<NarFile, 'stretch' | 'isElsewhere'>

/** Short enough for five attempts, so that a dead server is noticed within minutes. */
const STALL_TIMEOUT = 20_000

/** Opens access to files. */
export function createAccess(options: AccessOptions, signal?: AbortSignal): Access {
  const { throttle = createThrottle(), filesBelow } = options
  let http: Promise<HttpClient> | undefined
  let opened: HttpClient | undefined
  const client = () => {
    http ??= openClient({ ...options, throttle }).then(client => {
      opened = client
      return client
    })
    return http
  }
  return {
    async document(url, { limit, insist, acceptsGzip, recognise }) {
      if (!isLocal(url)) {
        return (await client()).fetchDocument(new URL(url), { limit, insist, acceptsGzip, recognise, signal })
      }
      return ifThere(async () => {
        const { path, size } = await findFile(url, filesBelow)
        if (size > limit) throw new Error(`has ${size} bytes, more than the ${limit} that such a file may have`)
        return new Uint8Array(await withDescriptor(() => readFile(path, { signal }), signal))
      })
    },
    async open(url, { limit, insist, stretch, isElsewhere, recognise }) {
      if (!isLocal(url)) {
        return (await client()).openFile(new URL(url), { limit, insist, isElsewhere, recognise, signal })
      }
      return ifThere(async () => {
        const { path } = await findFile(url, filesBelow)
        const range = stretch && { start: stretch.offset, end: stretch.offset + stretch.size - 1 }
        return readPieces(path, { signal, ...range })
      })
    },
    async openRange(url, range, limit) {
      return (await client()).openRange(new URL(url), range, { limit, signal })
    },
    roomAt: url => (isLocal(url) ? Number.POSITIVE_INFINITY : roomAt(throttle, new URL(url).origin)),
    release: () => opened?.release(),
    isPublic: url => opened?.isPublic(new URL(url)) ?? false,
    isConfined: filesBelow !== undefined,
    async close() {
      await (await http)?.close()
    },
  }
}

function isLocal(url: string): boolean {
  return url.startsWith('file:')
}

/** Finds a file below a folder. Opening a pipe would wait for its writer, and no signal ends that; and its bytes cannot be read again. */
async function findFile(url: string, folder = '/'): Promise<{ readonly path: string; readonly size: number }> {
  const path = folder === '/' ? fileURLToPath(url) : await realpath(fileURLToPath(url))
  if (!isBelow(path, folder)) throw new Error(`it is not below ${folder}, which it has to be; move it there`)
  const info = await stat(path)
  if (info.isDirectory()) throw new Error('it is a folder, not a file')
  if (!info.isFile())
    throw new Error('it is a pipe or a device, and it is read more than once: write it to a file first')
  return { path, size: info.size }
}

async function ifThere<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Loads the code that asks servers. If this fails once in a thread, it fails there for ever. */
export function loadHttp() {
  return import('../http/index.ts')
}

async function openClient(options: AccessOptions): Promise<HttpClient> {
  const { netrc, tokens = [], logins = [], stallTimeout = STALL_TIMEOUT, throttle } = options
  // Loaded where it is used: it takes 50 ms, in each thread, and most builds ask nobody.
  const { basicAuthorization, createHttpClient, parseNetrc } = await loadHttp()
  const fromNetrc = netrc === undefined ? () => undefined : parseNetrc(netrc)
  return createHttpClient({
    userAgent: `nspawn-rootfs/${VERSION}`,
    stallTimeout,
    patience: 9 * stallTimeout,
    throttle,
    authorizationFor(url) {
      const isFor = (other: { url: string }) => new URL(other.url).origin === url.origin
      const login = logins.find(isFor)
      if (login) return basicAuthorization(login.user, login.password)
      const known = tokens.find(isFor)
      return known ? `Bearer ${known.token}` : fromNetrc(url)
    },
  })
}
