import type { ImageFormat } from '../container/index.ts'
import type { ImageRun } from './produce.ts'

/** What an image turned out to be. Sizes are in bytes. */
export interface ImageSummary {
  readonly name: string
  /** `undefined` if neither the spec nor the toplevel says. */
  readonly system: string | undefined
  readonly format: ImageFormat
  /** The store path of the NixOS system, if there is one. */
  readonly toplevel: string | undefined
  /** Whether the image was made to boot: it has a toplevel, or what systemd finds in it was declared. */
  readonly isToBoot: boolean
  /** Whether that system manages /etc and has units of its own, as those of nixpkgs do. */
  readonly isNixos: boolean
  /** How many store paths it holds. */
  readonly storePaths: number
  /** Of the store paths as NARs. */
  readonly narSize: number
  /** Of those among them whose blocks came from the cache: they were verified when they were put there. */
  readonly cachedNarSize: number
  /** Of the tar. */
  readonly tarSize: number
  /** Of the image file. */
  readonly size: number
  /** What may not be as it was meant, for people to read. */
  readonly warnings: readonly string[]
}

/** The summary of the image that a build has come to, whose file has `size` bytes. */
export function summarize({ image, sizes, mislabelling }: ImageRun, size: number): ImageSummary {
  const { name, system, format, toplevel, isToBoot, isNixos, plan } = image
  const storePaths = sizes.segments.length
  const { cachedNars: cachedNarSize, tar: tarSize } = sizes
  const { narSize } = plan
  return {
    name,
    system,
    format,
    toplevel,
    isToBoot,
    isNixos,
    storePaths,
    narSize,
    cachedNarSize,
    tarSize,
    size,
    warnings: [...image.warnings, ...[...mislabelling].sort().map(labelWarning)],
  }
}

function labelWarning(cacheUrl: string): string {
  return `${cacheUrl}: files there have another FileHash or FileSize than their narinfos say; taken, for their NAR hashes are right`
}
