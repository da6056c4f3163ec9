import { createStateChange } from '../state-change.ts'

/** Bytes that may be fetched and unread. A stream that is waited for is fetched all the same. */
const AHEAD_MAX = 8 * 1024 * 1024

/** Begins to fetch a stream before it is read, within one bound for all; the same bytes come out. */
export type ReadAhead = (source: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>

/** Creates a bound of its own. */
export function createReadAhead(): ReadAhead {
  let held = 0
  const { tell, until } = createStateChange()

  return source => {
    const queue: Uint8Array[] = []
    let wanted = false
    let ended = false
    let stopped = false
    let failure: { readonly error: unknown } | undefined

    const fetch = async () => {
      try {
        for await (const chunk of source) {
          if (stopped) break
          queue.push(chunk)
          held += chunk.length
          tell()
          await until(() => stopped || held < AHEAD_MAX || (wanted && queue.length === 0))
          if (stopped) break
        }
      } catch (error) {
        failure = { error }
      }
      ended = true
      tell()
    }
    void fetch()

    return (async function* () {
      try {
        for (;;) {
          const chunk = queue.shift()
          if (chunk) {
            held -= chunk.length
            tell()
            yield chunk
          } else if (failure) throw failure.error
          else if (ended) return
          else {
            wanted = true
            tell()
            await until(() => queue.length > 0 || ended)
            wanted = false
          }
        }
      } finally {
        stopped = true
        for (const chunk of queue) held -= chunk.length
        queue.length = 0
        tell()
      }
    })()
  }
}
