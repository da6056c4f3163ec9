/**
 * The checksums of the files in the folder of an image, and whether they are signed. The names are those that pull-tar looks
 * for (systemd `src/import/pull-common.c`).
 */
import {
  CHECKSUMS_FILE,
  COMPANION_MAX,
  imageNameOf,
  manifestFileOf,
  SIGNATURE_FILES,
  settingsFileOf,
} from '../image-files.ts'
import { parseChecksums } from '../manifest/index.ts'
import { sha256Hex } from '../sha256.ts'
import type { Verification, Verifier } from '../signing/index.ts'
import { compareSystemdVersions } from '../systemd/index.ts'
import { PullError } from './errors.ts'
import { formatTime, type PublicationAge } from './seen.ts'
import type { ImageServer } from './server.ts'

/** The files in a folder on a server, by their digests. */
export interface RemoteChecksums extends PublicationAge {
  /** SHA-256 in lower-case base 16, by file name. */
  readonly digests: ReadonlyMap<string, string>
}

/**
 * Fetches what is published beside the image `file`; with a verifier, what is signed. The checksums may be replaced while
 * their signature is fetched, so both are fetched again if they do not fit. Throws `PullError` PULL_MISSING, PULL_UNSIGNED and
 * PULL_UNLISTED, and `HttpError`.
 */
export async function fetchChecksums(server: ImageServer, file: string, verifier?: Verifier): Promise<RemoteChecksums> {
  return server.persist(async () => {
    const url = server.urlOf(CHECKSUMS_FILE)
    const bytes = await server.document(CHECKSUMS_FILE, COMPANION_MAX)
    if (bytes === undefined) {
      const advice = 'publish the image with checksums, or give --verify no'
      throw new PullError(
        'PULL_MISSING',
        url,
        `the server has no such file, which says what the image must be; ${advice}`,
      )
    }
    const signature = verifier && (await verifySignature(server, bytes, verifier))
    // Files in folders below are other publications.
    const lines = parseChecksums(Buffer.from(bytes).toString()).filter(({ file }) => !file.includes('/'))
    const digests = new Map(lines.map(({ file, sha256 }) => [file, sha256]))
    if (!digests.has(file)) {
      throw new PullError('PULL_UNLISTED', url, `does not list ${file}; check the name, or publish the image again`)
    }
    return {
      digests,
      digest: digestOf(file, digests),
      version: newestVersion(file, [...digests.keys()]),
      ...(signature && {
        signedBy: signature.fingerprint,
        signedAt: Math.floor(signature.signedAt.getTime() / 1000),
      }),
    }
  })
}

async function verifySignature(server: ImageServer, contents: Uint8Array, verifier: Verifier): Promise<Verification> {
  let why: string | undefined
  let goodFrom: Date | undefined
  for (const name of Object.values(SIGNATURE_FILES)) {
    const signature = await server.document(name, COMPANION_MAX)
    if (signature === undefined) continue
    const result = await verifier.verify(contents, signature)
    if (typeof result !== 'string' && 'signedAt' in result) return result
    if (typeof result === 'string') why = `${name} is not good: ${result}`
    else goodFrom = result.goodFrom
  }
  const url = server.urlOf(CHECKSUMS_FILE)
  if (goodFrom) {
    const what = `at ${formatTime(goodFrom)}, which is after the time of this machine, ${formatTime(new Date())}`
    throw new PullError('PULL_UNSIGNED', url, `is signed, but ${what}; set its clock`)
  }
  if (why !== undefined) {
    const what = 'the key is not that of whoever publishes it, or somebody in between gives something else'
    throw new PullError('PULL_UNSIGNED', url, `is signed by none of the trusted keys: ${what} (${why})`)
  }
  const advice = 'publish the image with a key, or give --verify checksum'
  throw new PullError('PULL_UNSIGNED', url, `is not signed (there is no ${SIGNATURE_FILES.binary}); ${advice}`)
}

/** One digest of all that is published under the name of an image. What else lies in the folder may come and go. */
function digestOf(file: string, digests: ReadonlyMap<string, string>): string {
  const name = imageNameOf(file)
  const files = [file, manifestFileOf(name), settingsFileOf(name)]
  return sha256Hex(JSON.stringify(files.map(file => digests.get(file))))
}

/** The newest version of an image in a folder: for NAME.tar.xz that of the last NAME_VERSION.tar.xz. */
function newestVersion(file: string, files: readonly string[]): string | undefined {
  const name = imageNameOf(file)
  const suffix = file.slice(name.length)
  const versions = files
    .filter(other => other.startsWith(`${name}_`) && other.endsWith(suffix))
    .map(other => other.slice(name.length + 1, -suffix.length))
  return versions.sort(compareSystemdVersions).at(-1)
}
