import { type ByteString, joinNames } from '../bytes/index.ts'
import type { NarFile } from '../nar-file/index.ts'
import type { ContentCheck, PathInfo, StorePath } from '../nix/index.ts'
import { type Closure, completePaths } from './closure.ts'
import type { SupplyOptions } from './contents-source.ts'
import { type NarNodes, readNarNodes } from './nar-nodes.ts'
import { createSupply } from './supply.ts'

/** A store path that is packed in a NAR file. */
export interface PackedPath {
  readonly info: PathInfo
  readonly file: NarFile
  readonly contentCheck?: ContentCheck
}

/** A closure whose store paths are packed in NAR files. Throws as {@link completePaths}. */
export function narClosure(
  storeDir: string,
  packed: readonly PackedPath[],
  supply: SupplyOptions,
  signal?: AbortSignal,
): Closure {
  const byPath = new Map(packed.map(path => [path.info.path.path, path]))
  const nodes = new Map<string, Promise<NarNodes>>()
  const nodesOf = async ({ path }: StorePath): Promise<NarNodes> => {
    const { info, file } = byPath.get(path)!
    const reader = createSupply(supply, { signal })
    try {
      return await reader.nar(info, file, ({ url, bytes }) =>
        readNarNodes(bytes, { path: info.path, url, narHash: info.narHash }),
      )
    } finally {
      await reader.close()
    }
  }
  return {
    storeDir,
    paths: completePaths(packed.map(path => path.info)),
    contentsOf(path) {
      const { file, contentCheck } = byPath.get(path.path)!
      return { type: 'nar', file, ...(contentCheck && { contentCheck }) }
    },
    supply,
    warnings: [],
    async nodeAt(path: StorePath, names: readonly ByteString[]) {
      let known = nodes.get(path.path)
      if (!known) {
        known = nodesOf(path)
        nodes.set(path.path, known)
      }
      return (await known).get(joinNames(names))
    },
  }
}
