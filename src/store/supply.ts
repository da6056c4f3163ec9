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

/** A NAR that was opened, and the file that it is in. */
interface Opening {
  readonly file: NarFile
  readonly nar: OpenedNar
}

/** A search for a NAR that is under way. */
interface Search {
  /** What was found first. */
  readonly first: Promise<IteratorResult<Opening, void>>
  /** All that is found, beginning with that. */
  readonly openings: AsyncIterable<Opening>
  /** What is wrong with the files that are of no use, by URL. */
  readonly faults: Map<string, NarFileError>
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
  const announced = new Map<string, Search>()
  /** What is announced and not begun, in that order. */
  const waiting = new Map<string, { readonly wanted: WantedNar; readonly file: NarFile }>()
  let fetching = 0
  const beginNext = () => {
    for (const [path, { wanted, file }] of waiting) {
      if (fetching >= Math.min(ANNOUNCED_MAX, access.roomAt(firstUrl(file)))) return
      waiting.delete(path)
      fetching++
      const search = startSearch(wanted, file)
      announced.set(path, search)
      const onFetched = () => {
        fetching--
        beginNext()
      }
      // A failure is told to whoever reads the path.
      search.first.then(({ value }) => value?.nar.fetched).then(onFetched, onFetched)
    }
  }

  /** A URL of the server that is asked first for a NAR. */
  const firstUrl = (file: NarFile) => {
    const others = keepsFailing(originOf(file)) ? otherCaches(cacheUrls, file) : []
    return others.find(url => !keepsFailing(url)) ?? file.url
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

  /** Opens a NAR wherever it can be had, one place after another. Takes note of what is wrong with the others. */
  async function* openings(wanted: WantedNar, file: NarFile, insist: boolean, faults: Map<string, NarFileError>) {
    const isLost = (url: string) => faults.has(url) && !faults.get(url)!.transient
    const others = otherCaches(cacheUrls, file).filter(url => !isLost(url))
    for await (const place of places(wanted, file, others, insist)) {
      if (place instanceof NarFileError) faults.set(place.url, place)
      if (place instanceof NarFileError || isLost(place.url)) continue
      let nar: OpenedNar
      try {
        nar = await open(wanted, place, insist)
      } catch (error) {
        if (!(error instanceof NarFileError)) throw error
        faults.set(place.url, error)
        continue
      }
      yield { file: place, nar }
    }
  }

  /** Begins to look for a NAR. A busy server is waited for only if there is nowhere else to go. */
  function startSearch(wanted: WantedNar, file: NarFile): Search {
    const faults: Search['faults'] = new Map()
    const found = openings(wanted, file, otherCaches(cacheUrls, file).length === 0, faults)
    const first = found.next()
    return { first, openings: resume(first, found), faults }
  }

  async function nar<T>(wanted: WantedNar, file: NarFile, use: (nar: OpenedNar) => Promise<T>): Promise<T> {
    const { path } = wanted.path
    waiting.delete(path)
    const search = announced.get(path) ?? startSearch(wanted, file)
    announced.delete(path)
    const { faults } = search
    const rounds = [search.openings]
    if (otherCaches(cacheUrls, file).length > 0) rounds.push(openings(wanted, file, true, faults))
    for (const round of rounds) {
      for await (const opening of round) {
        try {
          const result = await attempt(opening.file, () => use(opening.nar))
          failures.delete(originOf(opening.file))
          return result
        } catch (error) {
          if (!(error instanceof NarFileError)) throw error
          faults.set(opening.file.url, error)
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
      waiting.set(path.path, { wanted, file: contents.file })
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

/** Goes on with what a generator gives, the first of which was asked for before. */
async function* resume<T>(first: Promise<IteratorResult<T, void>>, rest: AsyncGenerator<T, void>): AsyncGenerator<T> {
  try {
    const step = await first
    if (!step.done) yield step.value
    yield* rest
  } finally {
    await rest.return()
  }
}
