import { createHash } from 'node:crypto'
import { type ByteString, decodeText, joinNames } from '../bytes/index.ts'
import { NarFileError } from '../nar-file/index.ts'
import { createNarReader, type NarEvent, type NarHash, narHashFromBytes, type StorePath } from '../nix/index.ts'
import { blameNar } from './nar-contents.ts'
import { HEAD_SIZE, SMALL_FILE, type StoreNode, tooLarge } from './node.ts'

/** Bytes of small files that are kept of one NAR: an image is planned by a handful. */
const KEPT_MAX = 16 * 1024 * 1024

/** What stands where in a store path, by its names joined with `/`. */
export type NarNodes = ReadonlyMap<ByteString, StoreNode>

/**
 * Reads a whole NAR for what stands where in it, and believes it only once its hash is right. Throws `NarFileError`, and
 * what `nar` throws.
 */
export async function readNarNodes(
  nar: AsyncIterable<Uint8Array>,
  origin: { readonly path: StorePath; readonly url: string; readonly narHash: NarHash },
): Promise<NarNodes> {
  const hash = createHash('sha256')
  const reader = createNarReader()
  const collector = createCollector(origin.path)
  for await (const chunk of nar) {
    hash.update(chunk)
    blameNar(origin, () => {
      for (const event of reader.push(chunk)) collector.take(event)
    })
  }
  blameNar(origin, () => reader.end())
  const found = narHashFromBytes(hash.digest())
  if (found === origin.narHash) return collector.nodes
  const reason = `holds a NAR of the hash ${found}, not ${origin.narHash}`
  throw new NarFileError('NAR_FILE_MISMATCH', origin.path.path, origin.url, reason)
}

function createCollector({ path }: StorePath) {
  const nodes = new Map<ByteString, StoreNode>()
  const names: ByteString[] = []
  let kept = 0
  let parts: Uint8Array[] = []
  /** Bytes of the file that are still to be kept. */
  let wanted = 0
  const put = (node: StoreNode) => nodes.set(joinNames(names), node)
  const takeFile = (size: number, executable: boolean) => {
    wanted = size <= SMALL_FILE ? size : executable ? HEAD_SIZE : 0
    if (kept + wanted > KEPT_MAX) wanted = 0
    kept += wanted
    const isWhole = wanted === size
    const mine: Uint8Array[] = []
    parts = mine
    const place = `${path}/${decodeText(joinNames(names))}`
    const bytes = () => new Uint8Array(Buffer.concat(mine))
    put({
      type: 'file',
      executable,
      head: most => bytes().subarray(0, most),
      read() {
        if (isWhole) return bytes()
        throw tooLarge(place, size)
      },
    })
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
          put({ type: 'directory' })
          break
        case 'symlink':
          put({ type: 'symlink', target: event.target })
          leave()
          break
        case 'regular':
          takeFile(event.size, event.executable)
          break
        case 'data':
          if (wanted === 0) break
          // A copy: the chunk is somebody else's, and slice of a Buffer is a view.
          parts.push(new Uint8Array(event.bytes.subarray(0, wanted)))
          wanted -= Math.min(wanted, event.bytes.length)
          break
        case 'end-regular':
        case 'end-directory':
          leave()
      }
    },
  }
}
