import { type NarFile, NarFileError } from '../nar-file/index.ts'
import { cacheOf } from './places.ts'

/** Files of a cache that are of no use, one after another, after which the other caches are asked before it. */
const FAILURES_MAX = 3

/** Remembers which caches keep failing. */
export interface FailingCaches {
  /** The URL of the cache that a file is from, or its origin if it is from none of them. */
  originOf(file: NarFile): string
  /** Whether the cache of this URL keeps failing. */
  keepsFailing(origin: string): boolean
  /** Does what needs a file, and counts it against its cache if that throws `NarFileError`. */
  attempt<T>(file: NarFile, work: () => Promise<T>): Promise<T>
  /** Forgets the failures of the cache of a file that was of use. */
  forgive(file: NarFile): void
}

/** Creates the memory, in which no cache failed yet. */
export function createFailingCaches(cacheUrls: readonly string[]): FailingCaches {
  /** Files in a row that were of no use, by cache. */
  const failures = new Map<string, number>()
  const originOf = (file: NarFile) => cacheOf(cacheUrls, file) ?? new URL(file.url).origin
  return {
    originOf,
    keepsFailing: origin => (failures.get(origin) ?? 0) >= FAILURES_MAX,
    async attempt(file, work) {
      try {
        return await work()
      } catch (error) {
        if (error instanceof NarFileError) failures.set(originOf(file), (failures.get(originOf(file)) ?? 0) + 1)
        throw error
      }
    },
    forgive: file => failures.delete(originOf(file)),
  }
}
