/** Bytes that may lie fetched and unread. What somebody waits for is fetched whatever lies there. */
const AHEAD_MAX = 8 * 1024 * 1024

/** Fetches streams before they are read, within one bound for all of them. */
export interface ReadAhead {
  /** Begins to fetch; the same bytes come out. */
  start(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>
}

/** Creates a bound of its own. */
export function createReadAhead(most = AHEAD_MAX): ReadAhead {
  let held = 0
  let changed = Promise.withResolvers<void>()
  const tellAll = () => {
    changed.resolve()
    changed = Promise.withResolvers()
  }

  return {
    start(source) {
      const queue: Uint8Array[] = []
      let wanted = false
      let ended = false
      let stopped = false
      let failure: { readonly error: unknown } | undefined

      const fetch = async () => {
        try {
          for await (const chunk of source) {
            queue.push(chunk)
            held += chunk.length
            tellAll()
            while (!stopped && held >= most && !(wanted && queue.length === 0)) await changed.promise
            if (stopped) break
          }
        } catch (error) {
          failure = { error }
        }
        ended = true
        tellAll()
      }
      void fetch()

      return (async function* () {
        try {
          for (;;) {
            const chunk = queue.shift()
            if (chunk) {
              held -= chunk.length
              tellAll()
              yield chunk
            } else if (failure) throw failure.error
            else if (ended) return
            else {
              wanted = true
              tellAll()
              await changed.promise
              wanted = false
            }
          }
        } finally {
          stopped = true
          for (const chunk of queue) held -= chunk.length
          queue.length = 0
          tellAll()
        }
      })()
    },
  }
}
