/** Gets the bytes of an image: from this machine what is there, from the server the rest. */
import { unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { BlockCache } from '../block-cache/index.ts'
import { attempt, syncFile } from '../disk/index.ts'
import type { ImageManifest } from '../manifest/index.ts'
import { findBeginnings } from './beginnings.ts'
import { type OlderImage, openCopies } from './copies.ts'
import { PullError } from './errors.ts'
import { type FillOptions, fillPieces, fillRests } from './fill.ts'
import type { PullProgress } from './options.ts'
import { createPartial, type Partial } from './partial.ts'
import type { Piece } from './pieces.ts'
import { PARTIAL, type Place } from './place.ts'
import { fetchPlain } from './plain.ts'
import { rebuildPieces } from './rebuild.ts'
import type { Server } from './server.ts'

/** The image to fetch, and its server. */
export interface ImageRequest {
  readonly server: Server
  readonly file: string
  /** SHA-256 of the image in lower-case base 16, if it is known. */
  readonly sha256: string | undefined
  /** All of its pieces, and its manifest, which tells them, if they are known. */
  readonly known: KnownImage | undefined
  readonly place: Place
  /** Images that may have something in common with it. */
  readonly older: readonly OlderImage[]
  readonly cache: BlockCache | undefined
  /** Whether blocks are made here where that saves bytes. */
  readonly isThrifty: boolean
  readonly signal: AbortSignal | undefined
  readonly onProgress: (progress: PullProgress) => void
}

/** An image of which all is known but its bytes. */
export interface KnownImage {
  readonly manifest: ImageManifest
  readonly pieces: readonly Piece[]
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

/** Whatever the umask, as files of builds are. */
const MODE = 0o644

/** Gets an image. Throws `PullError` PULL_WRONG and PULL_MISSING, `HttpError` and `DiskError`. */
export async function fetchImage(request: ImageRequest): Promise<FetchedImage> {
  const { server, file, place, known } = request
  const name = partialNameOf(request.sha256)
  const path = join(place.folder, name)
  const handle = await place.openFile(name)
  try {
    const partial = createPartial(handle, path)
    let amounts = known ? await gather(request, known, partial, true) : await download(request, partial)
    const { size } = amounts
    let sha256 = (await partial.digest(size))!
    if (known && sha256 !== request.sha256) {
      // An older image is not what its manifest says: now each piece is looked at, those that are there, too.
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
    await attempt(path, async () => {
      await handle.chmod(MODE)
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

/** Puts an image together of its pieces; `isBelieving` as {@link openCopies} has it. */
async function gather(
  request: ImageRequest,
  { manifest, pieces }: KnownImage,
  partial: Partial,
  isBelieving: boolean,
): Promise<Amounts> {
  const { server, file, older, cache, signal, onProgress } = request
  const size = pieces.reduce((sum, piece) => sum + piece.size, 0)
  let bytesReused = 0
  let bytesFetched = 0
  const tell = () => onProgress({ bytesReused, bytesFetched, bytesTotal: size })
  const isNew = (await partial.handle.stat()).size === 0
  await partial.resize(size)
  const copies = openCopies(older, cache, isBelieving)
  const missing: Piece[] = []
  try {
    for (const piece of pieces) {
      signal?.throwIfAborted()
      const write = (bytes: Uint8Array, at: number) => partial.write(bytes, piece.offset + at)
      if ((!isNew && (await partial.has(piece))) || (await copies.copy(piece, write))) bytesReused += piece.size
      else missing.push(piece)
      tell()
    }
  } finally {
    await copies.close()
  }
  const options: FillOptions = {
    ...{ server, file, size, partial, signal },
    onFetched(count) {
      bytesFetched += count
      tell()
    },
  }
  const made = request.isThrifty
    ? await rebuildPieces(missing, { ...options, manifest, older })
    : new Map<Piece, number>()
  const unmade = missing.filter(piece => !made.has(piece))
  const filled = await fillRests(findBeginnings(unmade, manifest, older), options)
  for (const known of [...made.values(), ...filled.values()]) bytesReused += known
  tell()
  await fillPieces(
    unmade.filter(piece => !filled.has(piece)),
    options,
  )
  return { size, bytesReused, bytesFetched }
}

async function download(request: ImageRequest, partial: Partial): Promise<Amounts> {
  const { server, file, sha256, signal, onProgress } = request
  // A manifest without a checksum may be of another image.
  if (sha256 === undefined) await partial.resize(0)
  return fetchPlain({ server, file, partial, signal, onProgress })
}
