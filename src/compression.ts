/** A format of an image file. `tar.zst` is read by systemd 258 and newer only, the others by every version. */
export type ImageFormat = 'tar.xz' | 'tar' | 'tar.gz' | 'tar.zst'

/** How an image is compressed. Plain data. */
export type ImageCompression =
  | { readonly format: 'tar' }
  | { readonly format: 'tar.gz' | 'tar.zst'; readonly level: number }
  | { readonly format: 'tar.xz'; readonly level: number; readonly arm64Branches: boolean }

/** All formats. */
export const FORMATS: readonly ImageFormat[] = ['tar.xz', 'tar', 'tar.gz', 'tar.zst']

/** The same as options side by side, as a spec, a declaration and the command have them. */
interface CompressionOptions {
  readonly format?: ImageFormat
  readonly level?: number
  readonly arm64Branches?: boolean
}

/** The given options that their format does not have: a plain tar has no level, and only xz converts ARM64 branches. */
export function foreignOptions({ format = 'tar.xz', level, arm64Branches }: CompressionOptions) {
  const foreign: ('level' | 'arm64Branches')[] = []
  if (arm64Branches && format !== 'tar.xz') foreign.push('arm64Branches')
  if (level !== undefined && format === 'tar') foreign.push('level')
  return foreign
}

/** Parses the options. The default is what every host imports, at the level that xz takes, too. */
export function compressionOf({
  format = 'tar.xz',
  level = 6,
  arm64Branches = false,
}: CompressionOptions): ImageCompression {
  if (format === 'tar') return { format }
  return format === 'tar.xz' ? { format, level, arm64Branches } : { format, level }
}
