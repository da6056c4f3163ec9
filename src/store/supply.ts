import { CacheError, openCaches, parseCacheUrl } from '../binary-cache/index.ts'
import {
  type Access,
  createAccess,
  type NarFile,
  NarFileError,
  type NarSubject,
  openNarFile,
  readNarFile,
} from '../nar-file/index.ts'
import type { NarHash } from '../nix/index.ts'
import { type ContentsSink, readContents } from './contents.ts'
import { type ContentsSource, isFetched, type SupplyOptions } from './contents-source.ts'
import { readNarContents } from './nar-contents.ts'
import { createReadAhead, type ReadAhead } from './read-ahead.ts'

/** A store path whose contents are wanted. */
export interface Wanted extends NarSubject {
  readonly narHash: NarHash
  readonly contents: ContentsSource
}

/** Brings the contents of store paths from wherever they are. */
export interface Supply {
  /** Says that the contents of a path will be read, in the order of these calls: a download begins, soon. */
  announce(wanted: Wanted): void
  /**
   * Reads the contents into `sink`, and resolves to the URL of the file they came from, if they were packed in one. Throws
   * `StoreError`, `NarFileError`. The NAR hash is for the caller to compare.
   */
  read(wanted: Wanted, sink: ContentsSink): Promise<string | undefined>
  /** The NAR of what is packed in a NAR file. Throws `NarFileError`. */
  nar(wanted: NarSubject & { readonly narHash: NarHash }, file: NarFile): Promise<OpenedNar>
  /** Ends all that is under way. */
  close(): Promise<void>
}

/** A NAR and the URL that it comes from. */
export interface OpenedNar {
  readonly url: string
  /** Resolves when nothing more is fetched of it. */
  readonly fetched: Promise<void>
  readonly bytes: AsyncIterable<Uint8Array>
}

/** Who wants to know of a supply, or to end it. */
export interface SupplyHooks {
  /** Told of bytes read from NAR files, as they were compressed. */
  readonly onBytes?: (count: number) => void
  readonly signal?: AbortSignal
}

/**
 * Announced files that are fetched at a time. Each of them holds its connection while what is read ahead reaches its bound;
 * so there are far fewer than connections to a server, or the file that is wanted finds none when its own has broken, and
 * all wait for each other.
 */
const ANNOUNCED_MAX = 8

/** Opens a supply. */
export function createSupply(options: SupplyOptions, { onBytes = () => {}, signal }: SupplyHooks = {}): Supply {
  const access = createAccess(options.access, signal)
  const ahead: ReadAhead = createReadAhead()
  const announced = new Map<string, Promise<OpenedNar>>()
  /** What is announced and not begun, in that order. */
  const waiting = new Map<string, () => Promise<OpenedNar>>()
  let fetching = 0
  const beginNext = () => {
    for (const [path, begin] of waiting) {
      if (fetching === ANNOUNCED_MAX) return
      waiting.delete(path)
      fetching++
      const opened = begin()
      announced.set(path, opened)
      const onFetched = () => {
        fetching--
        beginNext()
      }
      // A failure is told to whoever reads the path.
      opened.then(nar => nar.fetched).then(onFetched, onFetched)
    }
  }

  async function* counted(bytes: AsyncIterable<Uint8Array>, onEnd: () => void): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of bytes) {
        onBytes(chunk.length)
        yield chunk
      }
    } finally {
      onEnd()
    }
  }

  async function open(wanted: NarSubject & { readonly narHash: NarHash }, file: NarFile): Promise<OpenedNar> {
    for await (const place of places(access, options, wanted, file)) {
      const bytes = await openNarFile(access, place, wanted)
      if (!bytes) continue
      const { promise: fetched, resolve } = Promise.withResolvers<void>()
      const told = counted(bytes, resolve)
      // What is on this machine need not be fetched before it is wanted.
      const isLocal = place.url.startsWith('file:')
      if (isLocal) resolve()
      return { url: place.url, fetched, bytes: readNarFile(place, wanted, isLocal ? told : ahead.start(told)) }
    }
    const where = [file.url, ...options.cacheUrls.filter(url => !file.url.startsWith(url))].join(', ')
    throw new NarFileError('NAR_FILE_MISSING', wanted.path.path, where, 'no such file, though the narinfo names it')
  }

  return {
    announce(wanted) {
      const { contents, path } = wanted
      if (!isFetched(contents)) return
      waiting.set(path.path, () => open(wanted, contents.file))
      beginNext()
    },
    async read(wanted, sink) {
      const { contents, path } = wanted
      if (contents.type === 'files') {
        readContents(contents.path, sink)
        return undefined
      }
      waiting.delete(path.path)
      const opened = await (announced.get(path.path) ?? open(wanted, contents.file))
      announced.delete(path.path)
      await readNarContents(opened.bytes, { path, url: opened.url }, sink, contents.contentCheck)
      return opened.url
    },
    nar: open,
    close: () => access.close(),
  }
}

/** The file, then the files of other caches that have the same NAR. */
async function* places(
  access: Access,
  { cacheUrls }: SupplyOptions,
  { path, narHash, narSize }: NarSubject & { readonly narHash: NarHash },
  file: NarFile,
): AsyncGenerator<NarFile> {
  yield file
  const others = cacheUrls.filter(url => !file.url.startsWith(url))
  if (others.length === 0) return
  // What they say need not be trusted: it has to be about the very NAR that is.
  try {
    const locations = others.map(parseCacheUrl)
    const caches = await openCaches(access, locations, { publicKeys: [], required: false }, path.storeDir)
    for await (const { info } of caches.candidates(path)) {
      if (info.narHash === narHash && info.narSize === narSize) yield info
    }
  } catch (error) {
    // They are out of order, or do not have it either: it is the file that is missing.
    if (!(error instanceof CacheError)) throw error
  }
}
