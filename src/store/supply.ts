import { createAccess, type NarFile, NarFileError, nowhere } from '../nar-file/index.ts'
import { type ContentsSink, readContents } from './contents.ts'
import { type ContentsSource, isFetched, type SupplyOptions } from './contents-source.ts'
import { createFailingCaches } from './failing-caches.ts'
import { holdNar } from './held-nar.ts'
import { readNarContents } from './nar-contents.ts'
import { otherCaches, type WantedNar } from './places.ts'
import { createSearcher, type OpenedNar, type Search } from './search.ts'

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
  /** Gives up connections that other threads may need first. It is called while this thread blocks for long. */
  release(): void
  /** Ends all that is under way. */
  close(): Promise<void>
}

/** Hooks of a supply: counts of bytes, and its end. */
export interface SupplyHooks {
  /** Called with the number of bytes read from NAR files, compressed. */
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
  const { cacheUrls } = options
  const access = createAccess(options.access, signal)
  const failing = createFailingCaches(cacheUrls)
  const mislabelling = new Set<string>()
  const onWrongLabel = (file: NarFile) => mislabelling.add(failing.originOf(file))
  const searcher = createSearcher({ access, cacheUrls, failing, onBytes, onWrongLabel })
  const announced = new Map<string, Search>()
  /** The store paths that are announced and not begun, in that order. */
  const waiting = new Map<string, { readonly wanted: WantedNar; readonly file: NarFile }>()
  let fetching = 0

  const beginNext = () => {
    for (const [path, { wanted, file }] of waiting) {
      if (fetching >= Math.min(ANNOUNCED_MAX, access.roomAt(searcher.firstUrl(file)))) return
      waiting.delete(path)
      fetching++
      const search = searcher.start(wanted, file)
      announced.set(path, search)
      const onFetched = () => {
        fetching--
        beginNext()
      }
      // A failure is reported when the path is read.
      search.first.then(({ value }) => value?.nar.fetched).then(onFetched, onFetched)
    }
  }

  async function nar<T>(wanted: WantedNar, file: NarFile, use: (nar: OpenedNar) => Promise<T>): Promise<T> {
    const { path } = wanted.path
    waiting.delete(path)
    const { openings, faults } = announced.get(path) ?? searcher.start(wanted, file)
    announced.delete(path)
    for await (const opening of openings) {
      try {
        const result = await failing.attempt(opening.file, () => use(opening.nar))
        failing.forgive(opening.file)
        return result
      } catch (error) {
        if (!(error instanceof NarFileError)) throw error
        faults.set(opening.file.url, error)
      }
    }
    signal?.throwIfAborted()
    throw nowhere([...faults.values()])
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
    release: () => access.release(),
    close: () => access.close(),
  }
}
