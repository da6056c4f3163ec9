import { followSignal } from '../abortable.ts'
import { abortSignal, fileOrUrl, objectOf, resolvePath } from '../arguments.ts'
import { describeUrl } from '../describe-url.ts'
import { DiskError, readIfThere, reasonOf } from '../disk/index.ts'
import { HttpError } from '../http-error.ts'
import { manifestFileOf } from '../image-files.ts'
import {
  companionOf,
  type ImageSource,
  OpenError,
  openAccess,
  openFile,
  openUrl,
  type RandomAccess,
  SERVER_OPTIONS,
  type ServerOptions,
  sourceOf,
} from '../image-source/index.ts'
import { isHttp } from '../is-http.ts'
import { type ImageManifest, MANIFEST_SIZE_MAX } from '../manifest/index.ts'
import type { Access } from '../nar-file/index.ts'
import { workerUrlOf } from '../produce/index.ts'
import { type DetectedCompression, DICTIONARY_KEPT, detectCompression, MARK_SIZE } from '../unpack/index.ts'
import { createBlockReader } from './block-reader.ts'
import { createImage, type OpenedImage } from './image.ts'
import { framesOf, manifestOf } from './manifest.ts'
import { plainTar, streamedTar, type TarBytes, xzTar } from './tar-bytes.ts'
import { readXzLayout } from './xz-layout.ts'
import { readSeekTable, walkFrames } from './zstd-layout.ts'
import { zstdTar } from './zstd-tar.ts'

/** How to open an image. */
export interface OpenOptions extends ServerOptions {
  /**
   * The manifest, a path or a URL; `false` for none. Default: the file beside the image that a build writes, if it is there
   * and is that of the image. With it, only the parts are read that have what is looked for, of an image that can seek.
   */
  readonly manifest?: string | URL | false
  /** Aborting it ends all reading, which rejects with the signal's reason. */
  readonly signal?: AbortSignal
  /** What the threads run: see the same option of a build. */
  readonly workerUrl?: string | URL
}

const checkOptions = objectOf({
  manifest(value, name) {
    if (value !== false && !(value instanceof URL && isHttp(value))) fileOrUrl(value, name)
  },
  ...SERVER_OPTIONS,
  signal: abortSignal,
  workerUrl: fileOrUrl,
})

/**
 * Opens an image to look into it: a tar archive by any tool, plain or compressed, by its path, its URL or as an object
 * that reads it. Of an .xz with several blocks, a .zst with several frames, and a plain tar, only those parts are read that
 * have what is looked for; all others are unpacked from their beginning each time.
 *
 * Close it in the end. Throws `OpenError`, `HttpError` and `StoreError` SOURCE_INVALID, and so does what reads it.
 */
export async function openImage(image: string | URL | RandomAccess, options: OpenOptions = {}): Promise<OpenedImage> {
  checkOptions(options, 'options')
  const place = placeOf(image, options)
  const ending = new AbortController()
  const unfollow = followSignal(ending, options.signal)
  const { signal } = ending
  let access: Access | undefined
  const getAccess = async (url: string) => {
    access ??= await openAccess(url, options, signal)
    return access
  }
  let source: ImageSource | undefined
  let tar: TarBytes | undefined
  const close = async () => {
    unfollow()
    ending.abort(new OpenError('OPEN_CLOSED', source?.name ?? 'the image', 'was closed'))
    await Promise.all([tar?.close(), source?.close(), access?.close()])
  }
  try {
    signal.throwIfAborted()
    if (place.url !== undefined) source = await openUrl(place.url, await getAccess(place.url))
    else if (place.path !== undefined) source = await openFile(place.path, signal)
    else source = sourceOf(image as RandomAccess, signal)
    const head = await source.read(0, Math.min(MARK_SIZE, source.size), { signal })
    const compression = detectCompression(head)
    let text: Promise<string | undefined> | undefined
    const readText = () => {
      text ??= readManifestText(place, source!, getAccess)
      return text
    }
    tar = await openTar(source, compression, { place, readText, workerUrl: workerUrlOf(options.workerUrl), signal })
    const manifest = await readManifest(place, source, tar, readText)
    signal.throwIfAborted()
    return createImage({ source, compression, tar, manifest, signal, close })
  } catch (error) {
    await close()
    throw error
  }
}

async function openTar(
  source: ImageSource,
  compression: DetectedCompression,
  options: {
    readonly place: Place
    readonly readText: ReadText
    readonly workerUrl: URL
    readonly signal: AbortSignal
  },
): Promise<TarBytes> {
  if (compression === 'none') return plainTar(source)
  const blocks = compression === 'xz' && source.isSeekable ? await readXzLayout(source) : undefined
  if (blocks) return xzTar(source, blocks, createBlockReader(source, blocks, options))
  if (compression === 'zip' || compression === 'compress') {
    throw new OpenError('OPEN_UNSUPPORTED', source.name, `is compressed with ${compression}: unpack it first`)
  }
  const frames = compression === 'zstd' && source.isSeekable ? await readFrames(source, options) : undefined
  return (frames && zstdTar(source, frames)) ?? streamedTar(source, compression, DICTIONARY_KEPT)
}

/** Reads the manifest, once; `undefined` if there is none. */
type ReadText = () => Promise<string | undefined>

/** The frames of a .zst file, if they can be told without reading much of it. */
async function readFrames(source: ImageSource, { place, readText }: { place: Place; readText: ReadText }) {
  const listed = await readSeekTable(source)
  if (listed) return listed
  // To walk them takes a read for each 128 KiB, which is nothing on a disk.
  if (place.path !== undefined) return walkFrames(source)
  const text = await readText()
  return text === undefined ? undefined : framesOf(text, source)
}

/** Where an image and its manifest are. */
interface Place {
  readonly url?: string
  readonly path?: string
  readonly manifest?: string
  /** Whether the manifest was named: then it has to be there. */
  readonly isNamed: boolean
}

function placeOf(image: string | URL | RandomAccess, { manifest }: OpenOptions): Place {
  const given = manifest === undefined || manifest === false ? undefined : absolute(manifest, 'options.manifest')
  if (typeof image === 'string' || image instanceof URL) {
    const found = absolute(image, 'image')
    const beside = manifest === false ? undefined : (given ?? companionOf(found, manifestFileOf))
    const isNamed = given !== undefined
    return isHttp(found) ? { url: found, manifest: beside, isNamed } : { path: found, manifest: beside, isNamed }
  }
  const { size, read } = image ?? {}
  if (!Number.isSafeInteger(size) || size < 0 || typeof read !== 'function') {
    throw new TypeError('image: give a path, a URL, or an object with size, a number, and read(offset, length)')
  }
  return { manifest: given, isNamed: given !== undefined }
}

function absolute(place: string | URL, name: string): string {
  if (!isHttp(place)) return resolvePath(place, name)
  if (!URL.canParse(String(place))) throw new OpenError('OPEN_UNREADABLE', describeUrl(place), 'is not a valid URL')
  return String(place)
}

async function readManifestText(
  { manifest: place, isNamed }: Place,
  source: ImageSource,
  getAccess: (url: string) => Promise<Access>,
): Promise<string | undefined> {
  if (place === undefined) return undefined
  if (isHttp(place)) {
    const bytes = await (await getAccess(place)).document(place, { limit: MANIFEST_SIZE_MAX })
    return bytes && Buffer.from(bytes).toString()
  }
  try {
    return (await readIfThere(place))?.toString()
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    if (!isNamed) return undefined
    throw new OpenError('MANIFEST_WRONG', source.name, `${place} cannot be read: ${reasonOf(error.cause)}`, {
      cause: error,
    })
  }
}

/** The manifest of an image; `undefined` if there is none, or another's, and nobody has named it. */
async function readManifest(
  { manifest: place, isNamed }: Place,
  source: ImageSource,
  tar: TarBytes,
  readText: ReadText,
): Promise<ImageManifest | undefined> {
  if (place === undefined) return undefined
  const isOptional = !isNamed && !tar.isSeekable
  // By its size alone, a plain tar is easily taken for another.
  if (isOptional && tar.size !== undefined) return undefined
  const text = await readText().catch(error => {
    if (!isOptional || !(error instanceof HttpError)) throw error
    return undefined
  })
  const manifest = text === undefined ? undefined : manifestOf(text, source, tar)
  if (manifest || !isNamed) return manifest
  const problem = text === undefined ? 'is not there' : 'is not the manifest of this image'
  const what = `${describeUrl(place)} ${problem}; build writes it beside the image`
  throw new OpenError('MANIFEST_WRONG', source.name, what)
}
