/**
 * Asks for `depth` items before they are wanted, so that their producer and their consumer wait for their disks and
 * networks at the same time. A consumer that stops does not wait for the items that were asked for.
 */
export async function* lookAhead<T>(items: AsyncIterable<T>, depth: number): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]()
  const asked: Promise<IteratorResult<T>>[] = []
  try {
    for (;;) {
      while (asked.length < depth) {
        const step = iterator.next()
        // Its turn comes, and with it the error.
        step.catch(() => {})
        asked.push(step)
      }
      const step = await asked.shift()!
      if (step.done) return
      yield step.value
    }
  } finally {
    iterator.return?.().catch(() => {})
  }
}
