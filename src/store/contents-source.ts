import type { ByteString } from '../bytes/index.ts'
import type { AccessOptions, NarFile } from '../nar-file/index.ts'
import type { ContentCheck } from '../nix/index.ts'

/** Where the contents of a store path come from. Plain data: it is posted to workers. */
export type ContentsSource =
  | {
      readonly type: 'files'
      /** The file or folder on this machine. */
      readonly path: ByteString
    }
  | {
      readonly type: 'nar'
      readonly file: NarFile
      /** The content address that the contents must have besides the NAR hash, for a path that is trusted for it. */
      readonly contentCheck?: ContentCheck
    }

/** Contents that come over a network. */
export function isFetched(contents: ContentsSource): contents is ContentsSource & { readonly type: 'nar' } {
  return contents.type === 'nar' && !contents.file.url.startsWith('file:')
}

/** The means to bring contents from their sources. Plain data. */
export interface SupplyOptions {
  readonly access: AccessOptions
  /** Binary caches that may have a NAR, too, in the order in which they are asked. */
  readonly cacheUrls: readonly string[]
}
