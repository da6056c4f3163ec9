import type { Container } from './container.ts'
import { gzipContainer } from './gzip.ts'
import { plainContainer } from './plain.ts'
import { xzContainer } from './xz.ts'
import { zstdContainer } from './zstd.ts'

export {
  type BlockFormat,
  type BlockRecord,
  blockCapacity,
  type Container,
  type Effort,
  type EncodedBlock,
} from './container.ts'

/** A format of an image file. `tar.zst` is read by systemd 258 and newer only, the others by every version. */
export type ImageFormat = 'tar.xz' | 'tar' | 'tar.gz' | 'tar.zst'

/** The formats of an image file. */
export const CONTAINERS: Readonly<Record<ImageFormat, Container>> = {
  'tar.xz': xzContainer,
  tar: plainContainer,
  'tar.gz': gzipContainer,
  'tar.zst': zstdContainer,
}

/** All formats. */
export const FORMATS = Object.keys(CONTAINERS) as readonly ImageFormat[]
