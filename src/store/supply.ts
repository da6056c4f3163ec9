import { createAccess, type NarFile, NarFileError, nowhere, openNarFile, readNarFile } from '../nar-file/index.ts'
import { type ContentsSink, readContents } from './contents.ts'
import { type ContentsSource, isFetched, type SupplyOptions } from './contents-source.ts'
import { holdNar } from './held-nar.ts'
import { readNarContents } from './nar-contents.ts'
import { cacheOf, otherCaches, otherPlaces, type WantedNar } from './places.ts'
import { createReadAhead, type ReadAhead } from './read-ahead.ts'

/** A store path whose contents are wanted. */
export interface Wanted extends WantedNar {
  readonly contents: ContentsSource
}

/** Brings the contents of store paths from wherever they are. */
export interface Supply {
  /** Says that the contents of a path will be read, in the order of these calls: a download begins, soon. */
  announce(wanted: Wanted): void
  /**
   * Reads the contents into `sink`, and resolves to the URL of the file they came from, if they were packed in one. What
   * can be had from several caches is verified before `sink` is given any of it. Throws `StoreError`, `NarFileError`. The
   * NAR hash is for the caller to compare.
   */
  read(wanted: Wanted, sink: ContentsSink): Promise<string | undefined>
  /**
   * Has `use` read what is packed in a NAR file, and resolves to what it makes of it. Where the file cannot be had, or
   * `use` throws `NarFileError`, it is called again for the same NAR in another cache. Throws `NarFileError` with what is
   * wrong in each of them, and what else `use` throws.
   */
  nar<T>(wanted: WantedNar, file: NarFile, use: (nar: OpenedNar) => Promise<T>): Promise<T>
  /** URLs of the caches whose files have other hashes or lengths than their narinfos say, though the right NARs. */
  readonly mislabelling: ReadonlySet<string>
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

/** Files of a cache that are of no use, one after another, after which the other caches are asked before it. */
const FAILURES_MAX = 3

/** Opens a supply. */
export function createSupply(options: SupplyOptions, { onBytes = () => {}, signal }: SupplyHooks = {}): Supply {
  const { cacheUrls } = options
  const access = createAccess(options.access, signal)
  const mislabelling = new Set<string>()
  /** Files in a row that were of no use, by cache. */
  const failures = new Map<string, number>()
  const originOf = (file: NarFile) => cacheOf(cacheUrls, file) ?? new URL(file.url).origin
  const keepsFailing = (origin: string) => (failures.get(origin) ?? 0) >= FAILURES_MAX
  const ahead: ReadAhead = createReadAhead()
  const announced = new Map<string, Promise<OpenedNar>>()
  /** What is announced and not begun, in that order. */
  const waiting = new Map<string, { readonly file: NarFile; begin(): Promise<OpenedNar> }>()
  let fetching = 0
  const beginNext = () => {
    for (const [path, { file, begin }] of waiting) {
      if (fetching >= Math.min(ANNOUNCED_MAX, access.roomAt(file.url))) return
      waiting.delete(path)
      if (keepsFailing(originOf(file))) continue
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

  /** Takes note of a file that is of no use. */
  async function attempt<T>(file: NarFile, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof NarFileError) failures.set(originOf(file), (failures.get(originOf(file)) ?? 0) + 1)
      throw error
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

  async function open(wanted: WantedNar, file: NarFile, insist: boolean): Promise<OpenedNar> {
    const bytes = await attempt(file, async () => {
      const found = await openNarFile(access, file, wanted, insist)
      if (found) return found
      const reason = 'no such file, though the narinfo names it'
      throw new NarFileError('NAR_FILE_MISSING', wanted.path.path, file.url, reason)
    })
    const { promise: fetched, resolve } = Promise.withResolvers<void>()
    const told = counted(bytes, resolve)
    // What is on this machine need not be fetched before it is wanted.
    const isLocal = file.url.startsWith('file:')
    if (isLocal) resolve()
    const onWrongLabel = () => mislabelling.add(originOf(file))
    const nar = readNarFile(file, wanted, isLocal ? told : ahead.start(told), onWrongLabel)
    return { url: file.url, fetched, bytes: nar }
  }

  const openAnnounced = ({ path }: WantedNar) => {
    waiting.delete(path.path)
    const opened = announced.get(path.path)
    announced.delete(path.path)
    return opened
  }

  async function nar<T>(wanted: WantedNar, file: NarFile, use: (nar: OpenedNar) => Promise<T>): Promise<T> {
    const faults = new Map<string, NarFileError>()
    const others = otherCaches(cacheUrls, file)
    // A busy server is waited for only once there is nowhere else to go.
    for (const insist of others.length > 0 ? [false, true] : [true]) {
      const isLost = (url: string) => faults.has(url) && !faults.get(url)!.transient
      for await (const place of places(
        wanted,
        file,
        others.filter(url => !isLost(url)),
        insist,
      )) {
        if (place instanceof NarFileError) faults.set(place.url, place)
        if (place instanceof NarFileError || isLost(place.url)) continue
        try {
          const opened = await ((place === file && openAnnounced(wanted)) || open(wanted, place, insist))
          const result = await attempt(place, () => use(opened))
          failures.delete(originOf(place))
          return result
        } catch (error) {
          if (!(error instanceof NarFileError)) throw error
          faults.set(place.url, error)
        }
      }
      signal?.throwIfAborted()
    }
    throw nowhere([...faults.values()])
  }

  /** The file, then those of other caches; but those of caches that keep failing last. */
  async function* places(wanted: WantedNar, file: NarFile, others: readonly string[], insist: boolean) {
    const sound = others.filter(url => !keepsFailing(url))
    const failing = others.filter(keepsFailing)
    const isLater = keepsFailing(originOf(file))
    if (!isLater) yield file
    yield* otherPlaces(access, sound, wanted, insist)
    if (isLater) yield file
    yield* otherPlaces(access, failing, wanted, insist)
  }

  return {
    announce(wanted) {
      const { contents, path } = wanted
      if (!isFetched(contents)) return
      const { file } = contents
      waiting.set(path.path, { file, begin: () => open(wanted, file, otherCaches(cacheUrls, file).length === 0) })
      beginNext()
    },
    async read(wanted, sink) {
      const { contents, path } = wanted
      if (contents.type === 'files') {
        readContents(contents.path, sink)
        return undefined
      }
      const { file, contentCheck } = contents
      if (otherCaches(cacheUrls, file).length === 0) {
        return nar(wanted, file, async ({ url, bytes }) => {
          await readNarContents(bytes, { path, url }, sink, contentCheck)
          return url
        })
      }
      const held = await nar(wanted, file, ({ url, bytes }) => holdNar(url, bytes, { ...wanted, contentCheck }))
      try {
        await readNarContents(held.bytes(), { path, url: held.url }, sink)
      } finally {
        held.close()
      }
      return held.url
    },
    nar,
    mislabelling,
    close: () => access.close(),
  }
}
