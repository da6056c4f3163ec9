import { createHash } from 'node:crypto'
import { type ByteString, concatBytes, joinNames } from '../bytes/index.ts'
import { createNarReader, type NarEvent, type NarHash, type StorePath } from '../nix/index.ts'
import type { ImageNode } from '../tree/index.ts'
import { blameNar, checkNarHash } from './nar-contents.ts'
import { HEAD_SIZE, SMALL_FILE, STORE_DIRECTORY, storeFileMode } from './node.ts'

/** Bytes of small files that are kept of one NAR: an image is planned by a handful. */
const KEPT_MAX = 16 * 1024 * 1024

/** The nodes of a store path, by their names joined with `/`. */
export type NarNodes = ReadonlyMap<ByteString, ImageNode>

/**
 * Reads the nodes of a whole NAR, and returns them only if its hash is right. Throws `NarFileError`, and
 * what `nar` throws.
 */
export async function readNarNodes(
  nar: AsyncIterable<Uint8Array>,
  origin: { readonly path: StorePath; readonly url: string; readonly narHash: NarHash },
): Promise<NarNodes> {
  const hash = createHash('sha256')
  const reader = createNarReader()
  const collector = createCollector()
  for await (const chunk of nar) {
    hash.update(chunk)
    blameNar(origin, () => {
      for (const event of reader.push(chunk)) collector.take(event)
    })
  }
  blameNar(origin, () => reader.end())
  checkNarHash(hash, origin.narHash, origin)
  return collector.nodes
}

function createCollector() {
  const nodes = new Map<ByteString, ImageNode>()
  const names: ByteString[] = []
  let kept = 0
  let file = { size: 0, mode: 0, parts: [] as Uint8Array[] }
  /** Bytes of the file that are still to be kept. */
  let wanted = 0
  const put = (node: ImageNode) => nodes.set(joinNames(names), node)
  const beginFile = (size: number, executable: boolean) => {
    file = { size, mode: storeFileMode(executable), parts: [] }
    wanted = size <= SMALL_FILE ? size : executable ? HEAD_SIZE : 0
    if (kept + wanted > KEPT_MAX) wanted = 0
    kept += wanted
  }
  const putFile = ({ size, mode, parts }: typeof file) => {
    const isKept = size === 0 || parts.length > 0
    put({ type: 'file', mode, size, ...(isKept && { contents: concatBytes(parts) }) })
  }
  // A name stands for one node; it is left when that is complete.
  const leave = () => names.pop()
  return {
    nodes: nodes as NarNodes,
    take(event: NarEvent): void {
      switch (event.type) {
        case 'entry':
          names.push(event.name)
          break
        case 'directory':
          put(STORE_DIRECTORY)
          break
        case 'symlink':
          put({ type: 'symlink', target: event.target })
          leave()
          break
        case 'regular':
          beginFile(event.size, event.executable)
          break
        case 'data':
          if (wanted === 0) break
          // A copy: the chunk is somebody else's, and slice of a Buffer is a view.
          file.parts.push(new Uint8Array(event.bytes.subarray(0, wanted)))
          wanted -= Math.min(wanted, event.bytes.length)
          break
        case 'end-regular':
          putFile(file)
          leave()
          break
        case 'end-directory':
          leave()
      }
    },
  }
}
