import type { ImageCompression } from '../compression.ts'
import type { Container } from './container.ts'
import { gzipContainer } from './gzip.ts'
import { plainContainer } from './plain.ts'
import { xzContainer } from './xz.ts'
import { zstdContainer } from './zstd.ts'

export { type BlockFormat, type BlockRecord, blockCapacity, type Container } from './container.ts'

/** The container of an image. */
export function containerOf(compression: ImageCompression): Container {
  switch (compression.format) {
    case 'tar':
      return plainContainer
    case 'tar.gz':
      return gzipContainer(compression)
    case 'tar.zst':
      return zstdContainer(compression)
    case 'tar.xz':
      return xzContainer(compression)
  }
}
