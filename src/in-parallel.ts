/**
 * Does `work` for every item, with at most `limit` under way at a time (1 or more). Items that are added to `items` meanwhile are
 * done, too. After the first error nothing more is begun; once everything that was begun has ended, it rejects with that error.
 */
export function inParallel<T>(items: readonly T[], limit: number, work: (item: T) => Promise<unknown>): Promise<void> {
  let next = 0
  let running = 0
  let failure: { readonly error: unknown } | undefined
  return new Promise((resolve, reject) => {
    const run = async (item: T) => {
      running++
      try {
        await work(item)
      } catch (error) {
        failure ??= { error }
      }
      running--
      beginNext()
    }
    const beginNext = () => {
      while (next < items.length && running < limit && !failure) run(items[next++])
      if (running > 0) return
      if (failure) reject(failure.error)
      else resolve()
    }
    beginNext()
  })
}
