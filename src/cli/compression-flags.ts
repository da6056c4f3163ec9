import { foreignOptions } from '../compression.ts'
import type { ImageFormat, ImageSpec } from '../index.ts'
import { UsageError } from './usage.ts'

/** The options for compression. */
export interface CompressionFlags {
  format?: ImageFormat
  level?: number
  arm64Branches?: true
}

/** What a spec says of compression. */
type Compression = Pick<ImageSpec, 'format' | 'level' | 'arm64Branches'>

/**
 * The compression of a declaration and options; options override it. An asked format drops declared keys that it does not
 * have. Throws `UsageError` for an option that the format does not have. `file` is the declaration.
 */
export function compressionOver(declared: Compression, asked: CompressionFlags, file?: string): Compression {
  const format = asked.format ?? declared.format
  const [foreign] = foreignOptions({ ...asked, format })
  if (foreign !== undefined) throw new UsageError(foreignMessage(foreign, asked, `${file} declares ${format}`))
  const merged = {
    format,
    level: asked.level ?? declared.level,
    arm64Branches: asked.arm64Branches ?? declared.arm64Branches,
  }
  const dropped = foreignOptions(merged).map(option => [option, undefined])
  return { ...merged, ...Object.fromEntries(dropped) }
}

function foreignMessage(option: 'level' | 'arm64Branches', { format }: CompressionFlags, declares: string): string {
  if (option === 'level') {
    const why = format === undefined ? `${declares}, which` : '--format tar'
    return `--level: ${why} is not compressed; leave --level out, or give another --format`
  }
  const why = format === undefined ? `, but ${declares}; leave it out, or give --format tar.xz` : ''
  return `--arm64-branches: is for --format tar.xz${why}`
}
