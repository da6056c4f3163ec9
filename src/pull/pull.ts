import { resolvePath, text } from '../arguments.ts'
import { createCallbacks } from '../callbacks.ts'
import { describeUrl } from '../describe-url.ts'
import { withLock } from '../disk/index.ts'
import { isImageFile } from '../image-files.ts'
import { openAccess } from '../image-source/index.ts'
import { isHttp } from '../is-http.ts'
import { openVerifier } from '../signing/index.ts'
import { PullError } from './errors.ts'
import { systemKeyrings } from './keyrings.ts'
import { checkPullOptions, type PullOptions } from './options.ts'
import { type Pull, type PulledImage, pullPublished } from './pull-published.ts'
import { fetchChecksums } from './remote-checksums.ts'
import { noteSeen } from './seen.ts'
import { isOfServer, openImageServer } from './server.ts'
import { openWorkFolder } from './work-folder.ts'

/** A publication may be replaced while it is fetched. The pull starts again, this many times at most. */
const TURNS_MAX = 5

/**
 * Fetches the image at `url`, a web server's, into a folder, and of its bytes only those that are not on this machine: if it has
 * a manifest, its blocks are taken from older images and from the block cache. The image is then byte for byte what was
 * published, and bears its name only then, together with its settings and manifest. What a pull has fetched is kept in
 * `.FILE.pull` beside it until one ends well, so that the next one goes on there.
 *
 * Throws `PullError`, `SigningError` for keys that cannot be used, `HttpError`, `DiskError`, `BlockCacheError`, `StoreError`
 * SOURCE_INVALID for credentials that cannot be read, and the signal's reason when aborted.
 */
export async function pullImage(
  url: string | URL,
  folder: string | URL,
  options: PullOptions = {},
): Promise<PulledImage> {
  if (!(url instanceof URL)) text(url, 'url')
  checkPullOptions(options, 'options')
  const { address, file } = parseImageUrl(url)
  const out = resolvePath(folder, 'folder')
  const { verify = 'signature', keyrings, onProgress = () => {}, onSilence = () => {} } = options
  options.signal?.throwIfAborted()
  const failing = new AbortController()
  const signal = AbortSignal.any([failing.signal, ...(options.signal ? [options.signal] : [])])
  const callbacks = createCallbacks(error => failing.abort(error))
  const verifier = verify === 'signature' ? await openVerifier(keyrings ?? (await systemKeyrings())) : undefined
  const access = await openAccess(address.href, options, signal)
  try {
    const work = await openWorkFolder(out, file)
    try {
      const server = openImageServer(address, access, signal, callbacks.guard(onSilence))
      const { settled } = callbacks
      const guarded = { ...options, signal, onProgress: callbacks.guard(onProgress) }
      const pull: Pull = { server, file, folder: out, work, verifier, settled, options: guarded }
      // Two pulls of one image would write into the same file.
      return await withLock(work.folder, () => pullLatest(pull), signal)
    } finally {
      await work.close()
    }
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    await access.close()
  }
}

async function pullLatest(pull: Pull): Promise<PulledImage> {
  const { server, file, work, verifier, options } = pull
  const { verify, allowDowngrade = false } = options
  if (verify === 'no') return pullPublished(pull, undefined)
  let checksums = await fetchChecksums(server, file, verifier)
  for (let turns = 1; ; turns++) {
    await noteSeen(work, server.urlOf(file), checksums, allowDowngrade)
    try {
      return await pullPublished(pull, checksums)
    } catch (error) {
      if (!isOfServer(error) || turns === TURNS_MAX) throw error
      const before = checksums.digest
      checksums = await fetchChecksums(server, file, verifier)
      if (checksums.digest === before) throw error
    }
  }
}

/** The file that a URL names. Throws `PullError` PULL_URL_INVALID. */
function parseImageUrl(url: string | URL): { readonly address: URL; readonly file: string } {
  const shown = describeUrl(url)
  const invalid = (why: string) =>
    new PullError('PULL_URL_INVALID', shown, `${why}, such as https://example.org/web.tar.xz`)
  if (!isHttp(url) || !URL.canParse(String(url))) throw invalid('give the URL of an image on a web server')
  const address = new URL(url)
  const encoded = address.pathname.slice(address.pathname.lastIndexOf('/') + 1)
  let file: string
  try {
    file = decodeURIComponent(encoded)
  } catch {
    throw invalid('the name of the file cannot be decoded; give one')
  }
  if (!isImageFile(file) || /[/\0]/.test(file)) {
    throw invalid('does not end with the name of a tar archive, give one')
  }
  return { address, file }
}
