import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type BlockCache, guardCache, openDefaultCache } from '../block-cache/index.ts'
import { digestOf } from '../disk/index.ts'
import { imageNameOf, manifestFileOf, settingsFileOf } from '../image-files.ts'
import { MANIFEST_SIZE_MAX, parseManifest } from '../manifest/index.ts'
import type { Verifier } from '../signing/index.ts'
import type { Warning } from '../warning.ts'
import { imagesBegun, imagesFrom, imagesIn } from './copies.ts'
import { deliver, type SmallFile } from './deliver.ts'
import { type FetchedImage, fetchImage, partialNameOf } from './fetch-image.ts'
import { fetchListed } from './listed.ts'
import type { PullOptions } from './options.ts'
import { hasDigest } from './partial.ts'
import { piecesOf } from './pieces.ts'
import { MANIFEST_OF_PARTIAL, type Place } from './place.ts'
import type { Publication } from './publication.ts'
import type { Server } from './server.ts'

/** An image that was pulled. */
export interface PulledImage {
  /** Absolute path of the image. */
  readonly image: string
  /** Absolute paths of the image, its settings and its manifest, as far as there are any. */
  readonly files: readonly string[]
  /** Bytes of the image file. */
  readonly size: number
  /** SHA-256 of the image file, lower-case base 16. */
  readonly sha256: string
  /** Whether it was not there before. */
  readonly isNew: boolean
  /** Bytes of the image that were taken from this machine. */
  readonly bytesReused: number
  /** Bytes of the image that were fetched. */
  readonly bytesFetched: number
  /** Fingerprint of the key that signed the checksums; absent if no signature was asked for. */
  readonly signedBy?: string
  readonly warnings: readonly Warning[]
}

/** A pull, as it was asked for. */
export interface Pull {
  readonly server: Server
  readonly file: string
  readonly folder: string
  readonly place: Place
  readonly verifier: Verifier | undefined
  readonly options: PullOptions
}

/** Bytes that pull-tar takes of settings (systemd `src/import/pull-common.c`). */
const SETTINGS_MAX = 1024 * 1024

/** Pulls the image of a publication; without one, whatever the server gives. */
export async function pullPublished(pull: Pull, publication: Publication | undefined): Promise<PulledImage> {
  const { server, file, folder, place, options } = pull
  const warnings: Warning[] = []
  const name = imageNameOf(file)
  const fetchSmall = async (file: string, limit: number): Promise<SmallFile> => ({
    file,
    bytes: await fetchListed(server, file, limit, publication),
  })
  const settings = await fetchSmall(settingsFileOf(name), SETTINGS_MAX)
  const manifest = await fetchSmall(manifestFileOf(name), MANIFEST_SIZE_MAX)
  const { sha256, size, known } = knownOf(manifest, publication?.digests.get(file))
  const isThere = sha256 !== undefined && (await hasDigest(join(folder, file), sha256, size))
  const fetched = isThere ? undefined : await fetchNew()
  options.signal?.throwIfAborted()
  const delivered = await deliver({ folder, image: { file, path: fetched?.path }, manifest, settings }, options.signal)
  await place.clear()
  const { size: actual } = await stat(join(folder, file))
  return {
    image: join(folder, file),
    files: delivered.files,
    size: actual,
    sha256: fetched?.sha256 ?? sha256!,
    isNew: !isThere,
    bytesReused: fetched?.bytesReused ?? actual,
    bytesFetched: fetched?.bytesFetched ?? 0,
    ...(publication?.signedBy !== undefined && { signedBy: publication.signedBy }),
    warnings: [...warnings, ...delivered.warnings],
  }

  async function fetchNew(): Promise<FetchedImage> {
    const { from = [], saveTraffic = false, signal, onProgress = () => {} } = options
    // First: what is in the way should fail before the image is fetched.
    await place.checkNames([file, manifest.file])
    await digestOf(join(folder, settings.file))
    const partial = partialNameOf(sha256)
    // The image itself is not older, and most of it may still be missing.
    const begun = (await imagesBegun(place.folder)).filter(({ path }) => path !== join(place.folder, partial))
    const older = [
      ...(await imagesIn(folder)),
      ...(await imagesFrom(from, warning => warnings.push(warning))),
      ...begun,
    ]
    if (known) await place.writeFile(partial + MANIFEST_OF_PARTIAL, manifest.bytes!)
    const cache = cacheOf(options, warning => warnings.push(warning))
    return fetchImage({ server, file, sha256, known, place, older, cache, isThrifty: saveTraffic, signal, onProgress })
  }
}

/** The known facts of an image before it comes: by its checksums, and by a manifest of the same image. */
function knownOf({ bytes }: SmallFile, listed: string | undefined) {
  const manifest = bytes && parseManifest(Buffer.from(bytes).toString())
  const said = manifest?.artefacts[0]
  const sha256 = listed ?? said?.sha256
  if (!manifest || said?.sha256 !== sha256) return { sha256 }
  const pieces = piecesOf(manifest)
  return { sha256, size: said?.size, known: pieces && { manifest, pieces } }
}

function cacheOf({ cache, signal }: PullOptions, warn: (warning: Warning) => void): BlockCache | undefined {
  if (cache === undefined) return openDefaultCache()
  if (cache === false) return undefined
  return guardCache(cache, signal ?? new AbortController().signal, {
    onFault(fault) {
      const message = `the block cache does not work, and is not asked any more: ${fault}`
      warn({ code: 'BLOCK_CACHE_FAILED', message })
    },
  })
}
