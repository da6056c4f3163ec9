import { createHash } from 'node:crypto'
import { createNarWriter, type NarHash, type NarWriter, narHashFromBytes } from './nix/index.ts'

/** A NAR whose bytes nobody needs: what is written is hashed. */
export interface NarHasher extends Omit<NarWriter, 'end'> {
  /** Says that the NAR is complete. */
  end(): { readonly narHash: NarHash; readonly narSize: number }
}

/** Begins to hash a NAR. */
export function createNarHasher(): NarHasher {
  const hash = createHash('sha256')
  let narSize = 0
  const writer = createNarWriter(bytes => {
    hash.update(bytes)
    narSize += bytes.length
  })
  return {
    ...writer,
    end() {
      writer.end()
      return { narHash: narHashFromBytes(hash.digest()), narSize }
    },
  }
}
