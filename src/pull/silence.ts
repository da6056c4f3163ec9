/** Waits for a server, and reports long waits. */
export interface Silence {
  /** The same promise, while somebody waits for the server. */
  wait<T>(promise: Promise<T>): Promise<T>
  /** The same bytes, each part of which is waited for. */
  waitForBytes(bytes: AsyncIterable<Uint8Array>): AsyncIterableIterator<Uint8Array>
}

/** Milliseconds: servers that are slow, and one more try of a request, take less. */
const SILENT_AFTER = 10_000

/**
 * Calls `onSilence` with true after ten seconds of waiting in which nothing came, and with false when the server answers. It
 * must not throw.
 */
export function createSilence(onSilence: (isSilent: boolean) => void): Silence {
  let waits = 0
  let isSilent = false
  let timer: NodeJS.Timeout | undefined

  const listen = () => {
    clearTimeout(timer)
    if (waits === 0) return
    timer = setTimeout(() => {
      isSilent = true
      onSilence(true)
    }, SILENT_AFTER).unref()
  }

  async function wait<T>(promise: Promise<T>): Promise<T> {
    if (++waits === 1) listen()
    let hasCome = false
    try {
      const value = await promise
      hasCome = true
      return value
    } finally {
      waits--
      if (hasCome && isSilent) {
        isSilent = false
        onSilence(false)
      }
      listen()
    }
  }

  return {
    wait,
    waitForBytes(bytes) {
      const iterator = bytes[Symbol.asyncIterator]()
      return {
        next: () => wait(iterator.next()),
        return: async () => (await iterator.return?.()) ?? { done: true, value: undefined },
        [Symbol.asyncIterator]() {
          return this
        },
      }
    },
  }
}
