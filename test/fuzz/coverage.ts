/**
 * Which code of ours inputs reach, as V8 counts it. `@jazzer.js/core` 4.0.0 would do this with libFuzzer, and reads ES
 * modules; but its addon needs glibc 2.38, and Debian 12, on which all tests run, has 2.36.
 */
import { type Profiler, Session } from 'node:inspector'

/** Counts the code that is reached. */
export interface Coverage {
  /** Whether code was reached since the last call that never was before `keep` was last true. */
  isMore(keep: boolean): boolean
  /** Characters of code reached. */
  size(): number
  close(): void
}

const SOURCES = new URL('../../src/', import.meta.url).href

/** Begins to count. Each look takes a millisecond, whatever was run in between. */
export function startCoverage(): Coverage {
  const session = new Session()
  session.connect()
  let taken: readonly Profiler.ScriptCoverage[] = []
  session.post('Profiler.enable')
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  /** The reached characters of each function. */
  const reached = new Map<string, Uint8Array>()
  return {
    isMore(keep) {
      session.post('Profiler.takePreciseCoverage', (error, answer) => {
        if (error) throw error
        taken = answer.result
      })
      let isMore = false
      for (const { url, functions } of taken) {
        if (!url.startsWith(SOURCES)) continue
        for (const { ranges } of functions) {
          const [{ startOffset, endOffset, count }] = ranges as [Profiler.CoverageRange]
          if (count === 0) continue
          const key = `${url} ${startOffset}`
          const now = new Uint8Array(endOffset - startOffset)
          // Ranges lie in those before them. Code that is reached as often as what is around it has none of its own.
          for (const range of ranges) {
            now.fill(range.count > 0 ? 1 : 0, range.startOffset - startOffset, range.endOffset - startOffset)
          }
          const before = reached.get(key)
          if (before === undefined || now.some((isReached, i) => isReached > before[i]!)) isMore = true
          if (keep) reached.set(key, before === undefined ? now : before.map((was, i) => was | now[i]!))
        }
      }
      return isMore
    },
    size: () =>
      [...reached.values()].reduce((size, function_) => size + function_.reduce((sum, one) => sum + one, 0), 0),
    close: () => session.disconnect(),
  }
}
