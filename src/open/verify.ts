/** Compares the store paths in an image with its registration. */
import { decodeText } from '../bytes/index.ts'
import type { StoredPath } from '../stored-paths.ts'
import type { MemberInPlace } from './members.ts'
import { type HashedPath, hashStorePaths } from './nar-hashes.ts'

/** A store path that was verified. */
export interface VerifiedPath {
  readonly path: string
  /** Whether its entries make the NAR of its NAR hash. */
  readonly isRight: boolean
  /** What is wrong with it. */
  readonly problem?: string
}

/** Verifies the store paths among all `members` of an image, in their order, and then those that are only registered. */
export async function* verifyStorePaths(
  members: AsyncIterable<MemberInPlace>,
  registered: readonly StoredPath[],
): AsyncGenerator<VerifiedPath> {
  const missing = new Map(registered.map(record => [record.path, record]))
  for await (const hashed of hashStorePaths(members)) {
    const path = `/${decodeText(hashed.path)}`
    const problem = problemOf(hashed, missing.get(path))
    missing.delete(path)
    yield problem === undefined ? { path, isRight: true } : { path, isRight: false, problem }
  }
  for (const path of missing.keys()) yield { path, isRight: false, problem: 'is not in the image' }
}

function problemOf({ narHash, narSize }: HashedPath, record: StoredPath | undefined): string | undefined {
  if (record === undefined) return 'is not registered'
  if (narHash === undefined) return 'makes no NAR'
  if (narHash !== record.narHash) return `has the NAR hash ${narHash}, not ${record.narHash}`
  if (narSize !== record.narSize) return `has a NAR of ${narSize} bytes, not ${record.narSize}`
  return undefined
}
