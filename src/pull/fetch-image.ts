/** Gets the bytes of an image: from this machine what is there, from the server the rest. */
import { unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { BlockCache } from '../block-cache/index.ts'
import { attempt, syncFile } from '../disk/index.ts'
import type { ImageManifest } from '../manifest/index.ts'
import { PullError } from './errors.ts'
import { fetchParts, fetchRests, type PartFetch } from './fetch-parts.ts'
import { fetchPlain } from './fetch-plain.ts'
import type { ImagePart } from './image-parts.ts'
import { openLocalParts } from './local-parts.ts'
import type { OlderImage } from './older-images.ts'
import type { PullProgress } from './options.ts'
import { createPartialImage, type PartialImage } from './partial-image.ts'
import { rebuildParts } from './rebuild.ts'
import type { ImageServer } from './server.ts'
import { findSharedPrefixes } from './shared-prefixes.ts'
import { IMAGE_HEAD_SIZE, imageFault } from './unverified.ts'
import { PARTIAL, type WorkFolder } from './work-folder.ts'

/** The image to fetch, and its server. */
export interface ImageRequest {
  readonly server: ImageServer
  readonly file: string
  /** SHA-256 of the image in lower-case base 16, if it is known. */
  readonly sha256: string | undefined
  /** All of its parts, and its manifest, which tells them, if they are known. */
  readonly known: KnownImage | undefined
  readonly work: WorkFolder
  /** Images that may have something in common with it. */
  readonly older: readonly OlderImage[]
  readonly cache: BlockCache | undefined
  /** Whether blocks are made here where that saves bytes. */
  readonly saveTraffic: boolean
  readonly signal: AbortSignal
  readonly onProgress: (progress: PullProgress) => void
}

/** An image of which all is known but its bytes. */
export interface KnownImage {
  readonly manifest: ImageManifest
  readonly parts: readonly ImagePart[]
}

/** An image that has come. */
export interface FetchedImage {
  /** Where it lies, durably. */
  readonly path: string
  /** Bytes. */
  readonly size: number
  /** Lower-case base 16. */
  readonly sha256: string
  readonly bytesReused: number
  readonly bytesFetched: number
}

/** Gets an image. Throws `PullError` PULL_WRONG and PULL_MISSING, `HttpError` and `DiskError`. */
export async function fetchImage(request: ImageRequest): Promise<FetchedImage> {
  const { server, file, work, known } = request
  const name = partialNameOf(request.sha256)
  const path = join(work.folder, name)
  const handle = await work.openFile(name)
  try {
    const partial = createPartialImage(handle, path)
    let amounts = known ? await gather(request, known, partial, true) : await download(request, partial)
    const { size } = amounts
    let sha256 = (await partial.digest(size))!
    if (known && sha256 !== request.sha256) {
      // An older image is not what its manifest says: now each part is looked at, those that are there, too.
      const { bytesFetched } = amounts
      amounts = await gather(request, known, partial, false)
      amounts = { ...amounts, bytesFetched: amounts.bytesFetched + bytesFetched }
      sha256 = (await partial.digest(size))!
    }
    // Older files may have been damaged since.
    if (!known && amounts.bytesReused > 0 && sha256 !== request.sha256) {
      await partial.resize(0)
      return await fetchImage(request)
    }
    if (request.sha256 !== undefined && sha256 !== request.sha256) {
      await partial.resize(0)
      const what = `what comes has the SHA-256 ${sha256}, and must have ${request.sha256}`
      throw new PullError('PULL_WRONG', server.urlOf(file), `${what}; report that to whoever runs the server`)
    }
    const fault = request.sha256 === undefined ? imageFault(await partial.read(0, IMAGE_HEAD_SIZE)) : undefined
    if (fault !== undefined) {
      await partial.resize(0)
      throw new PullError('PULL_WRONG', server.urlOf(file), fault)
    }
    await attempt(path, async () => {
      await handle.chmod(await work.modeOfFiles())
      await syncFile(handle)
    })
    return { path, sha256, ...amounts }
  } catch (error) {
    // Nothing is there to go on with.
    const found = await handle.stat().catch(() => undefined)
    if (found?.size === 0) await unlink(path).catch(() => {})
    throw error
  } finally {
    await handle.close()
  }
}

/** The name of the file that an image with this digest grows in. */
export function partialNameOf(sha256: string | undefined): string {
  return PARTIAL + (sha256 ?? 'unknown')
}

type Amounts = Pick<FetchedImage, 'size' | 'bytesReused' | 'bytesFetched'>

/** Puts an image together of its parts; `trustManifests` as {@link openLocalParts} has it. */
async function gather(
  request: ImageRequest,
  { manifest, parts }: KnownImage,
  partial: PartialImage,
  trustManifests: boolean,
): Promise<Amounts> {
  const { server, file, older, cache, signal, onProgress } = request
  const size = parts.reduce((sum, part) => sum + part.size, 0)
  let bytesReused = 0
  let bytesFetched = 0
  const tell = () => onProgress({ bytesReused, bytesFetched, bytesTotal: size })
  const isNew = (await partial.handle.stat()).size === 0
  await partial.resize(size)
  const local = openLocalParts(older, cache, trustManifests)
  const missing: ImagePart[] = []
  try {
    for (const part of parts) {
      signal.throwIfAborted()
      const write = (bytes: Uint8Array, at: number) => partial.write(bytes, part.offset + at)
      if ((!isNew && (await partial.has(part))) || (await local.copy(part, write))) bytesReused += part.size
      else missing.push(part)
      tell()
    }
  } finally {
    await local.close()
  }
  const options: PartFetch = {
    ...{ server, file, size, partial, signal },
    onFetched(count) {
      bytesFetched += count
      tell()
    },
  }
  const made = request.saveTraffic
    ? await rebuildParts(missing, { ...options, manifest, older })
    : new Map<ImagePart, number>()
  const unmade = missing.filter(part => !made.has(part))
  const filled = await fetchRests(findSharedPrefixes(unmade, manifest, older), options)
  for (const known of [...made.values(), ...filled.values()]) bytesReused += known
  tell()
  await fetchParts(
    unmade.filter(part => !filled.has(part)),
    options,
  )
  return { size, bytesReused, bytesFetched }
}

async function download(request: ImageRequest, partial: PartialImage): Promise<Amounts> {
  const { server, file, sha256, signal, onProgress } = request
  // A manifest without a checksum may be of another image.
  if (sha256 === undefined) await partial.resize(0)
  return fetchPlain({ server, file, partial, signal, onProgress })
}
