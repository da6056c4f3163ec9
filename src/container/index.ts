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

/** The formats of an image file. */
export const CONTAINERS = {
  'tar.xz': xzContainer,
  tar: plainContainer,
  'tar.gz': gzipContainer,
  'tar.zst': zstdContainer,
} as const satisfies Record<string, Container>

/** A format of an image file. `tar.zst` is read by systemd 258 and newer only, the others by every version. */
export type ImageFormat = keyof typeof CONTAINERS

/** All formats. */
export const FORMATS = Object.keys(CONTAINERS) as readonly ImageFormat[]
