import { CONTAINERS, type Container, type Effort, type ImageFormat } from '../container/index.ts'
import type { ImageSpec } from './spec.ts'

/** How an image is compressed. */
export interface Compression {
  readonly format: ImageFormat
  readonly container: Container
  readonly effort: Effort
}

/** The level of a spec that names none: what xz takes, too. */
const DEFAULT_LEVEL = 6

/** How the image of a spec is compressed; it follows from the spec alone. */
export function compressionOf(spec: ImageSpec): Compression {
  const { format = 'tar.xz', level = DEFAULT_LEVEL, arm64Branches = false } = spec
  return { format, container: CONTAINERS[format], effort: { level, arm64Branches } }
}
