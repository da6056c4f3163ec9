import type { OpenedImage } from '../../open/index.ts'

/**
 * The bytes that each store path takes in the image file: a block that holds several is shared out by their bytes of tar.
 * `undefined` without a manifest.
 */
export function fileSizes({ manifest }: OpenedImage): Map<string, number> | undefined {
  if (manifest === undefined) return undefined
  const { segments, blocks } = manifest
  const sizes = new Map<string, number>()
  let first = 0
  for (const { storePath, tarOffset, tarSize } of segments) {
    const end = tarOffset + tarSize
    while (first < blocks.length && blocks[first]!.tarOffset + blocks[first]!.tarSize <= tarOffset) first++
    if (storePath === undefined) continue
    // What is not compressed has no blocks.
    let bytes = blocks.length === 0 ? tarSize : 0
    for (let i = first; i < blocks.length && blocks[i]!.tarOffset < end; i++) {
      const block = blocks[i]!
      const shared = Math.min(end, block.tarOffset + block.tarSize) - Math.max(tarOffset, block.tarOffset)
      bytes += (block.size * shared) / block.tarSize
    }
    sizes.set(storePath, (sizes.get(storePath) ?? 0) + bytes)
  }
  return new Map([...sizes].map(([path, bytes]) => [path, Math.round(bytes)]))
}
