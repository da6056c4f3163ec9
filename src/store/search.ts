import { type Access, type NarFile, NarFileError, openNarFile, readNarFile } from '../nar-file/index.ts'
import type { FailingCaches } from './failing-caches.ts'
import { otherCaches, otherPlaces, type WantedNar } from './places.ts'
import { createReadAhead } from './read-ahead.ts'

/** A NAR and the URL that it comes from. */
export interface OpenedNar {
  readonly url: string
  /** Resolves when nothing more is fetched of it. */
  readonly fetched: Promise<void>
  readonly bytes: AsyncIterable<Uint8Array>
}

/** A NAR that was opened, and the file that it is in. */
export interface Opening {
  readonly file: NarFile
  readonly nar: OpenedNar
}

/** A search for a NAR. */
export interface Search {
  /** The file that is found first. */
  readonly first: Promise<IteratorResult<Opening, void>>
  /** All that is found, beginning with that; then, if there are several caches, again while busy servers are waited for. */
  readonly openings: AsyncIterable<Opening>
  /** The faults of the files that are of no use, by URL. */
  readonly faults: Map<string, NarFileError>
}

/** The means of a search. */
export interface SearchOptions {
  readonly access: Access
  /** Binary caches that may have a NAR, too, in the order in which they are asked. */
  readonly cacheUrls: readonly string[]
  readonly failing: FailingCaches
  /** Called with the number of bytes read from NAR files, compressed. */
  readonly onBytes: (count: number) => void
  /** Called for a file that has another hash or length than its narinfo says, but the right NAR. */
  readonly onWrongLabel: (file: NarFile) => void
}

/** Looks for NARs in all caches. */
export interface Searcher {
  /** Begins to look for a NAR, in its file and then in the other caches. */
  start(wanted: WantedNar, file: NarFile): Search
  /** A URL of the server that is asked first for a NAR. */
  firstUrl(file: NarFile): string
}

/** Creates a searcher. What its searches fetch ahead of their readers is bounded for all of them together. */
export function createSearcher(options: SearchOptions): Searcher {
  const { access, cacheUrls, failing, onBytes, onWrongLabel } = options
  const { keepsFailing, originOf } = failing
  const ahead = createReadAhead()

  async function open(wanted: WantedNar, file: NarFile, insist: boolean): Promise<OpenedNar> {
    const bytes = await failing.attempt(file, async () => {
      const found = await openNarFile(access, file, wanted, insist)
      if (found) return found
      const reason = 'no such file, though the narinfo names it'
      throw new NarFileError('NAR_FILE_MISSING', wanted.path.path, file.url, reason)
    })
    const { promise: fetched, resolve } = Promise.withResolvers<void>()
    const counted = count(bytes, onBytes, resolve)
    // Files on this machine need not be fetched ahead.
    const isLocal = file.url.startsWith('file:')
    if (isLocal) resolve()
    const nar = readNarFile(file, wanted, isLocal ? counted : ahead(counted), () => onWrongLabel(file))
    return { url: file.url, fetched, bytes: nar }
  }

  /** The file, then those of other caches; but those of caches that keep failing last. */
  async function* places(wanted: WantedNar, file: NarFile, others: readonly string[], insist: boolean) {
    const sound = others.filter(url => !keepsFailing(url))
    const isLater = keepsFailing(originOf(file))
    if (!isLater) yield file
    yield* otherPlaces(access, sound, wanted, insist)
    if (isLater) yield file
    yield* otherPlaces(access, others.filter(keepsFailing), wanted, insist)
  }

  /** Opens a NAR at the first place that has it, and records the faults of the others. */
  async function* openings(wanted: WantedNar, file: NarFile, insist: boolean, faults: Search['faults']) {
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

  return {
    start(wanted, file) {
      const faults: Search['faults'] = new Map()
      const isOnly = otherCaches(cacheUrls, file).length === 0
      async function* all() {
        // A busy server is waited for only if there is nowhere else to go.
        yield* openings(wanted, file, isOnly, faults)
        if (!isOnly) yield* openings(wanted, file, true, faults)
      }
      const found = all()
      const first = found.next()
      return { first, openings: resume(first, found), faults }
    },
    firstUrl(file) {
      const others = keepsFailing(originOf(file)) ? otherCaches(cacheUrls, file) : []
      return others.find(url => !keepsFailing(url)) ?? file.url
    },
  }
}

async function* count(bytes: AsyncIterable<Uint8Array>, onBytes: (count: number) => void, onEnd: () => void) {
  try {
    for await (const chunk of bytes) {
      onBytes(chunk.length)
      yield chunk
    }
  } finally {
    onEnd()
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
