/**
 * A cache of blocks: bytes by key. A key stands for one sequence of bytes, so an entry never becomes wrong, only useless. It may
 * forget anything at any time.
 */
export interface BlockCache {
  /**
   * The bytes under `key`, exactly as they were put; `undefined` if it has none, or none that are whole. Never rejects. A cache
   * may put them into the memory that `room` gives, which it asks for so many bytes, and has done with when this resolves.
   */
  get(key: string, room?: (size: number) => Uint8Array): Promise<Uint8Array | undefined>
  /**
   * Keeps bytes, which it has done with when this settles: resolves to whether it has them now, and rejects with what keeps them
   * out. Then a build warns, and asks it to keep nothing more.
   */
  put(key: string, bytes: Uint8Array): Promise<boolean>
}

/** Gives `size` bytes of memory, with any contents. */
export type Room = NonNullable<Parameters<BlockCache['get']>[1]>

/** Each `get` that compares the bytes of a block with the digest in its key. */
const comparing = new WeakSet<BlockCache['get']>()

/** Says of a cache that it gives a block only if it is the one that its key names: nobody needs to hash it again. */
export function declareComparing(cache: BlockCache): void {
  comparing.add(cache.get)
}

/** Whether {@link declareComparing} said so of a cache. */
export function isComparing(cache: BlockCache): boolean {
  return comparing.has(cache.get)
}
