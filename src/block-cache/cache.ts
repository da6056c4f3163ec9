/**
 * A cache of blocks: bytes by key. Whoever puts bytes under a key puts what the key stands for, so an entry never
 * becomes wrong, only useless. It may forget anything at any time.
 */
export interface BlockCache {
  /** The bytes under `key`, exactly as they were put; `undefined` if it has none, or none that are whole. Never rejects. */
  get(key: string): Promise<Uint8Array | undefined>
  /** Keeps bytes, which it has done with when this resolves: to whether it has them now. Never rejects. */
  put(key: string, bytes: Uint8Array): Promise<boolean>
}
