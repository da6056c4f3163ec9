import type { StoreSegment } from '../plan/index.ts'
import type { Warning } from '../warning.ts'

/** Faults of caches in spite of which a build succeeds. */
export interface CacheFaults {
  /** URLs of binary caches that are wrong about their files. */
  readonly mislabelling: Set<string>
  /** Why the block cache was asked no more. */
  failure?: string
  /** Why the block cache could not keep what was made. */
  refusal?: string
  /** Store paths whose blocks in the block cache hold something else. */
  readonly mismatches: StoreSegment[]
}

/** What people should know of it. */
export function cacheWarnings({ mislabelling, failure, refusal, mismatches }: CacheFaults): Warning[] {
  const warnings = [...mislabelling].sort().map(labelWarning)
  if (failure !== undefined) {
    const message = `block cache: ${failure}; the image was built without it`
    warnings.push({ code: 'BLOCK_CACHE_FAILED', message })
  }
  if (refusal !== undefined) {
    const message = `block cache: ${refusal}; what it lacks will be made again: choose another one (--cache-dir), or none (--no-cache)`
    warnings.push({ code: 'BLOCK_CACHE_UNWRITABLE', message })
  }
  const [first, ...others] = mismatches.map(({ path }) => path.path)
  if (first !== undefined) {
    const more = others.length > 0 ? ` and ${others.length} more store paths` : ''
    const message = `block cache: its blocks of ${first}${more} do not match the NAR hash, and were made anew: it was changed`
    warnings.push({ code: 'BLOCK_CACHE_CHANGED', path: first, message })
  }
  return warnings
}

function labelWarning(url: string): Warning {
  const message = `${url}: files there have another FileHash or FileSize than their narinfos say; taken, for their NAR hashes are right`
  return { code: 'CACHE_MISLABELLED', path: url, message }
}
