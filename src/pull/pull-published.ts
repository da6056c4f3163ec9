import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { abortable } from '../abortable.ts'
import { type BlockCache, guardCache, openDefaultCache } from '../block-cache/index.ts'
import { digestOf } from '../disk/index.ts'
import { COMPANION_MAX, imageNameOf, manifestFileOf, settingsFileOf } from '../image-files.ts'
import { MANIFEST_SIZE_MAX, parseManifest } from '../manifest/index.ts'
import type { Verifier } from '../signing/index.ts'
import type { Warning } from '../warning.ts'
import { type FetchedImage, fetchImage, partialNameOf } from './fetch-image.ts'
import { fetchListed } from './fetch-listed.ts'
import { partsOf } from './image-parts.ts'
import { installFiles, type SmallFile } from './install-files.ts'
import { imagesBegun, imagesFrom, imagesIn } from './older-images.ts'
import type { PullOptions } from './options.ts'
import { hasDigest } from './partial-image.ts'
import type { RemoteChecksums } from './remote-checksums.ts'
import type { ImageServer } from './server.ts'
import { isManifest, isSettings } from './unverified.ts'
import { MANIFEST_OF_PARTIAL, type WorkFolder } from './work-folder.ts'

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
  readonly server: ImageServer
  readonly file: string
  readonly folder: string
  readonly work: WorkFolder
  readonly verifier: Verifier | undefined
  /** The callbacks in it do not throw. */
  readonly options: PullOptions & Required<Pick<PullOptions, 'signal' | 'onProgress'>>
  /** Resolves once all calls of the callbacks are over. */
  readonly settled: () => Promise<void>
}

/** Pulls the image that checksums list; without checksums, whatever the server gives. */
export async function pullPublished(pull: Pull, checksums: RemoteChecksums | undefined): Promise<PulledImage> {
  const { server, file, folder, work, options } = pull
  const warnings: Warning[] = []
  const name = imageNameOf(file)
  const fetchSmall = async (file: string, limit: number, isOne: (bytes: Uint8Array) => boolean): Promise<SmallFile> => {
    const bytes = await fetchListed(server, file, limit, checksums)
    return { file, bytes: bytes && (checksums || isOne(bytes)) ? bytes : undefined }
  }
  const settings = await fetchSmall(settingsFileOf(name), COMPANION_MAX, isSettings)
  const manifest = await fetchSmall(manifestFileOf(name), MANIFEST_SIZE_MAX, isManifest)
  const { sha256, size, known } = knownOf(manifest, checksums?.digests.get(file))
  const isThere = sha256 !== undefined && (await hasDigest(join(folder, file), sha256, size))
  const fetched = isThere ? undefined : await fetchNew()
  await abortable(pull.settled, options.signal)
  const image = { file, path: fetched?.path }
  const installed = await installFiles({ folder, image, manifest, settings }, options.signal)
  await work.clear()
  const { size: actual } = await stat(join(folder, file))
  return {
    image: join(folder, file),
    files: installed.files,
    size: actual,
    sha256: fetched?.sha256 ?? sha256!,
    isNew: !isThere,
    bytesReused: fetched?.bytesReused ?? actual,
    bytesFetched: fetched?.bytesFetched ?? 0,
    ...(checksums?.signedBy !== undefined && { signedBy: checksums.signedBy }),
    warnings: [...warnings, ...installed.warnings],
  }

  async function fetchNew(): Promise<FetchedImage> {
    const { from = [], saveTraffic = false, signal, onProgress } = options
    // First: what is in the way should fail before the image is fetched.
    await work.checkNames([file, manifest.file])
    await digestOf(join(folder, settings.file))
    const partial = partialNameOf(sha256)
    // The image itself is not older, and most of it may still be missing.
    const begun = (await imagesBegun(work.folder)).filter(({ path }) => path !== join(work.folder, partial))
    const older = [
      ...(await imagesIn(folder)),
      ...(await imagesFrom(from, warning => warnings.push(warning))),
      ...begun,
    ]
    if (known) await work.writeFile(partial + MANIFEST_OF_PARTIAL, manifest.bytes!)
    const cache = cacheOf(options, warning => warnings.push(warning))
    return fetchImage({ server, file, sha256, known, work, older, cache, saveTraffic, signal, onProgress })
  }
}

/** The known facts of an image before it comes: by its checksums, and by a manifest of the same image. */
function knownOf({ bytes }: SmallFile, listed: string | undefined) {
  const manifest = bytes && parseManifest(Buffer.from(bytes).toString())
  const said = manifest?.artefacts[0]
  const sha256 = listed ?? said?.sha256
  if (!manifest || said?.sha256 !== sha256) return { sha256 }
  const parts = partsOf(manifest)
  return { sha256, size: said?.size, known: parts && { manifest, parts } }
}

function cacheOf({ cache, signal }: Pull['options'], warn: (warning: Warning) => void): BlockCache | undefined {
  if (cache === undefined) return openDefaultCache()
  if (cache === false) return undefined
  return guardCache(cache, signal, {
    onFault(fault) {
      const message = `the block cache does not work, and is not asked any more: ${fault}`
      warn({ code: 'BLOCK_CACHE_FAILED', message })
    },
  })
}
