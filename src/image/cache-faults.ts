import type { Warning } from '../warning.ts'
import type { StoreSegment } from './plan.ts'

/** What is wrong with the block cache of a build. */
export interface CacheFaults {
  /** Why it was asked no more. */
  failure?: string
  /** Store paths whose blocks hold something else. */
  readonly mismatches: StoreSegment[]
}

/** What people should know of it. */
export function cacheWarnings({ failure, mismatches }: CacheFaults): Warning[] {
  const warnings: Warning[] = []
  if (failure !== undefined) {
    const message = `block cache: ${failure}; the image was built without it`
    warnings.push({ code: 'BLOCK_CACHE_FAILED', message })
  }
  const [first, ...others] = mismatches.map(({ path }) => path.path)
  if (first !== undefined) {
    const more = others.length > 0 ? ` and ${others.length} more store paths` : ''
    const message = `block cache: its blocks of ${first}${more} do not match the NAR hash, and were made anew: it was changed`
    warnings.push({ code: 'BLOCK_CACHE_CHANGED', path: first, message })
  }
  return warnings
}
