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

/**
 * Reads items in the order in which they lie, and begins to read the next `depth` while one is in use: each takes several system
 * calls, which wait for another thread. Items are to be asked for in that order, each once or never.
 */
export function readAhead<Item, Contents>(
  items: readonly Item[],
  depth: number,
  read: (item: Item) => Promise<Contents>,
): (item: Item) => Promise<Contents> {
  const begun = new Map<Item, Promise<Contents>>()
  let next = 0
  return item => {
    const index = items.indexOf(item, Math.max(0, next - depth))
    const end = Math.min(index + 1 + depth, items.length)
    for (next = Math.max(next, index); next < end; next++) {
      const reading = read(items[next])
      // Its turn comes, and with it the error; or it never comes.
      reading.catch(() => {})
      begun.set(items[next], reading)
    }
    const reading = begun.get(item)!
    // What lies before it will not be asked for.
    for (const earlier of begun.keys()) {
      begun.delete(earlier)
      if (earlier === item) break
    }
    return reading
  }
}
