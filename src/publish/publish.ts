import { callback, listOf, objectOf, resolvePath, text, wholeNumber } from '../arguments.ts'
import { openScratch, withLock } from '../disk/index.ts'
import { BUILD_OPTIONS } from '../image/index.ts'
import { checkSpec, type ImageSpec, keyWithAbsolutePaths, SIGNING, snapshotOf } from '../plan/index.ts'
import { openSigner, type SigningKey } from '../signing/index.ts'
import { buildVersion } from './build-version.ts'
import { checkFolder } from './check-folder.ts'
import { commit } from './commit.ts'
import { publishErrorOf } from './errors.ts'
import type { Publication, PublishOptions } from './options.ts'
import { publicUrl } from './transfer.ts'
import { checkVersionName } from './version-name.ts'

/**
 * Builds images into a folder that a web server serves, as one version with one SHA256SUMS; see `layout.ts` for what is
 * in the folder. Until all are built, nothing that others see changes. Rejects as a build does, and with
 * `PublishError`, `SigningError`.
 */
export async function publishImages(
  specs: readonly ImageSpec[],
  folder: string | URL,
  options: PublishOptions = {},
): Promise<Publication> {
  const out = resolvePath(folder, 'folder')
  checkArguments(specs, options)
  const { version, url, keep, onImage, onProgress, signing: asked, ...buildOptions } = options
  const absolute = specs.map(snapshotOf)
  const key = asked ? keyWithAbsolutePaths(asked) : agreedKey(absolute)
  // First: a wrong key should fail before images are built.
  const signer = key && (await openSigner(key))
  const signing = key && signer && { signer, isRepeatable: 'keyFile' in key }
  const { signal } = buildOptions
  const scratch = await openScratch(out, signal).catch(error => {
    throw publishErrorOf(error, out)
  })
  const locked = <T>(work: () => Promise<T>): Promise<T> =>
    withLock(scratch.out, work, signal).catch(error => {
      throw scratch.reveal(publishErrorOf(error, out))
    })
  try {
    await locked(() => checkFolder(scratch, absolute, { version, url, isSigned: signer !== undefined }))
    const images = await buildVersion(absolute, scratch, { build: buildOptions, onProgress, onImage })
    return await locked(() => commit(out, scratch, images, { version, url, keep, signing, signal }))
  } finally {
    await scratch.discard()
  }
}

const checkOptions = objectOf({
  ...BUILD_OPTIONS,
  version: text,
  url: publicUrl,
  keep: wholeNumber(1),
  signing: SIGNING,
  onProgress: callback,
  onImage: callback,
})

function checkArguments(specs: readonly ImageSpec[], options: PublishOptions): void {
  listOf(checkSpec)(specs, 'specs')
  checkOptions(options, 'options')
  if (specs.length === 0) throw new TypeError('specs: nothing to publish; give one spec at least')
  if (options.version !== undefined) checkVersionName(options.version)
}

/** The key that all specs name; an image that is signed by one must not be published with the signature of another. */
function agreedKey(specs: readonly ImageSpec[]): SigningKey | undefined {
  const keys = new Map(specs.map(({ signing }) => [JSON.stringify(signing), signing]))
  if (keys.size <= 1) return specs[0].signing
  throw new TypeError(
    'signing: the specs name different keys, but one SHA256SUMS has one signature; give the key to use',
  )
}
