/** Small files beside an image that its checksums list. */
import { sha256Hex } from '../sha256.ts'
import { PullError } from './errors.ts'
import type { RemoteChecksums } from './remote-checksums.ts'
import type { ImageServer } from './server.ts'

/**
 * The bytes of a file, as its digest says; `undefined` if the checksums do not list it, or the server has none. Without checksums
 * any will do. Throws `PullError` PULL_WRONG and `HttpError`.
 */
export async function fetchListed(
  server: ImageServer,
  file: string,
  limit: number,
  checksums: RemoteChecksums | undefined,
): Promise<Uint8Array | undefined> {
  const sha256 = checksums?.digests.get(file)
  if (checksums && sha256 === undefined) return undefined
  return server.persist(async () => {
    const bytes = await server.document(file, limit)
    if (bytes === undefined || sha256 === undefined) return bytes
    if (sha256Hex(bytes) === sha256) return bytes
    const what = 'what comes is not what the checksums say; report that to whoever runs the server'
    throw new PullError('PULL_WRONG', server.urlOf(file), what)
  })
}
