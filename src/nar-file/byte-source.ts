/** Bytes that arrive in chunks, taken in pieces of known sizes. */
export interface ByteSource {
  /** The next `size` bytes; fewer only where they end. */
  take(size: number): Promise<Buffer>
  /** The same, which the next call gives again. */
  peek(size: number): Promise<Buffer>
  /** Bytes to give again before the others. */
  unread(bytes: Uint8Array): void
  /** All that is left, in chunks. */
  rest(): AsyncGenerator<Uint8Array>
}

/** Takes over `bytes`, which is read no further than is asked for. */
export function createByteSource(bytes: AsyncIterable<Uint8Array>): ByteSource {
  const input = bytes[Symbol.asyncIterator]()
  let held: Uint8Array[] = []
  let length = 0
  const gather = async (size: number): Promise<Buffer> => {
    while (length < size) {
      const { value, done } = await input.next()
      if (done) break
      held.push(value)
      length += value.length
    }
    const all = held.length === 1 ? Buffer.from(held[0].buffer, held[0].byteOffset, length) : Buffer.concat(held)
    held = [all]
    return all
  }
  return {
    async peek(size) {
      return (await gather(size)).subarray(0, size)
    },
    async take(size) {
      const all = await gather(size)
      const taken = all.subarray(0, size)
      held = [all.subarray(taken.length)]
      length -= taken.length
      return taken
    },
    unread(again) {
      held.unshift(again)
      length += again.length
    },
    async *rest() {
      for (;;) {
        const again = held.shift()
        length -= again?.length ?? 0
        const chunk: Uint8Array | undefined = again ?? (await input.next()).value
        if (chunk === undefined) return
        if (chunk.length > 0) yield chunk
      }
    },
  }
}
