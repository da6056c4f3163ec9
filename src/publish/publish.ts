import { readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { callback, listOf, objectOf, resolvePath, text, wholeNumber } from '../arguments.ts'
import { checkDelivery } from '../check/index.ts'
import { attempt, commitChange, openScratch, type Scratch, syncPath, withLock } from '../disk/index.ts'
import { BUILD_OPTIONS, type BuildOptions, build, type ImageFiles } from '../image/index.ts'
import { CHECKSUMS_FILE, SIGNATURE_FILES } from '../image-files.ts'
import { checkSpec, type ImageSpec, keyWithAbsolutePaths, SIGNING, withAbsolutePaths } from '../plan/index.ts'
import type { Progress } from '../produce/index.ts'
import type { SigningKey } from '../signing/index.ts'
import type { Warning } from '../warning.ts'
import { PublishError, publishErrorOf } from './errors.ts'
import { revealError, revealFiles } from './reveal.ts'
import { filesOf, stageTurnOver } from './turn-over.ts'
import { readUsedNames } from './used-names.ts'
import { checkNames, formatVersion, isThere, LATEST, readLatest, readVersions, VERSION_FILE } from './versions.ts'

/** How images are published. */
export interface PublishOptions extends BuildOptions {
  /** Name of the version. Default: the date in UTC, such as `2026-11-25`, with a number behind it if that was used before. */
  readonly version?: string
  /** How many versions are left in the folder. Default: all. */
  readonly keep?: number
  /** Who signs SHA256SUMS. Default: whom the specs name, if they agree. */
  readonly signing?: SigningKey
  /** Told how far the image that is being built is. */
  readonly onProgress?: (progress: Progress) => void
  /** Told of each image once it is built. */
  readonly onImage?: (image: ImageFiles) => void
}

/** What became of a publication. */
export interface Publication {
  /** The folder that was published into. */
  readonly folder: string
  /** The version that `latest` leads to now. */
  readonly version: string
  /** Whether it is a new one. Images that are what they were before are not published again. */
  readonly isNew: boolean
  /** The version that `latest` led to before; absent for the first. */
  readonly previous?: string
  /** Names of the image files. */
  readonly images: readonly string[]
  /** Whether SHA256SUMS is signed. */
  readonly isSigned: boolean
  /** What keeps others from pulling the images. */
  readonly warnings: readonly Warning[]
  /** Names of the versions that were removed. */
  readonly removed: readonly string[]
}

/**
 * Builds images into a folder that a web server serves, as one version with one SHA256SUMS; see `versions.ts` for what is
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
  const { version, keep, onImage, onProgress, signing: asked, ...buildOptions } = options
  const absolute = specs.map(withAbsolutePaths)
  const key = asked ? keyWithAbsolutePaths(asked) : agreedKey(absolute)
  return publishInto(out, absolute, { version, keep, key, onImage, onProgress, build: buildOptions })
}

interface Plan extends Pick<PublishOptions, 'version' | 'keep' | 'onImage' | 'onProgress'> {
  readonly key: SigningKey | undefined
  readonly build: BuildOptions
}

async function publishInto(out: string, specs: readonly ImageSpec[], plan: Plan): Promise<Publication> {
  const { version, keep, key, onImage, onProgress } = plan
  const { signal } = plan.build
  const rethrow = (error: unknown) => {
    throw publishErrorOf(error, out)
  }
  const scratch = await openScratch(out, signal).catch(rethrow)
  try {
    const staged = join(scratch.folder, 'version')
    const images: string[] = []
    for (const [i, spec] of specs.entries()) {
      // The last one adds the last lines to SHA256SUMS, and so signs for all.
      const signing = i === specs.length - 1 ? key : undefined
      await using job = build({ ...spec, signing }, plan.build)
      if (onProgress) job.on('progress', onProgress)
      const built = await job.toFolder(staged).catch(error => {
        throw revealError(error, scratch)
      })
      const image = revealFiles(built, scratch)
      const file = image.manifest.artefacts[0].file
      if (images.includes(file)) throw nameTwice(file)
      images.push(file)
      onImage?.(image)
    }
    const work = () => commit(out, staged, scratch, { version, keep, key, images })
    return await withLock(out, work, signal).catch(rethrow)
  } finally {
    await scratch.discard()
  }
}

interface Commit {
  readonly version?: string
  readonly keep?: number
  readonly key?: SigningKey
  readonly images: readonly string[]
}

async function commit(
  out: string,
  staged: string,
  scratch: Scratch,
  { version, keep, key, images }: Commit,
): Promise<Publication> {
  const latest = await readLatest(out)
  const files = await readdir(staged)
  if (files.some(file => file.startsWith('.'))) throw notClean(out)
  if (version !== undefined && files.includes(version)) throw versionInvalid(version)
  await checkNames(out, files)
  const same = (name: string) => isSame(join(out, name), staged, key)
  const isUnchanged = version === undefined && latest !== undefined && (await same(latest))
  const name = isUnchanged ? latest : await nameFor(out, version, same)
  const isNew = !(await isThere(join(out, name)))
  if (isNew) {
    const versions = await readVersions(out)
    const number = 1 + Math.max(0, ...versions.map(one => one.number))
    await attempt(join(out, name), async () => {
      await writeFile(join(staged, VERSION_FILE), formatVersion(number))
      await syncPath(join(staged, VERSION_FILE))
      await syncPath(staged)
      await rename(staged, join(scratch.folder, name))
    })
  }
  const standing = isNew ? files : await filesOf(join(out, name))
  const turnOver = { version: name, files: standing, isNew, keep }
  const { change, removed } = await stageTurnOver(out, scratch.folder, turnOver)
  await commitChange(out, scratch, change)
  return {
    folder: out,
    version: name,
    isNew,
    previous: latest,
    images,
    isSigned: key !== undefined,
    warnings: [...scratch.warnings, ...(await deliveryWarnings(out, images))],
    removed,
  }
}

/** What lies beside the names that stay, and is in the way of whoever verifies. */
async function deliveryWarnings(out: string, images: readonly string[]): Promise<Warning[]> {
  const findings = await Promise.all(images.map(image => checkDelivery(out, image)))
  return findings
    .flat()
    .filter(({ severity }) => severity !== 'note')
    .map(({ path, message }) => ({ code: 'DELIVERY_UNFIT', path, message: `${path}: ${message}` }))
}

/**
 * The name for a version: one that was never used, or one that is there already and holds the same, such as after a crash.
 */
async function nameFor(out: string, asked: string | undefined, same: (name: string) => Promise<boolean>) {
  const used = await readUsedNames(out)
  const fits = async (name: string) => ((await isThere(join(out, name))) ? same(name) : !used.has(name))
  if (asked !== undefined) {
    if (await fits(asked)) return asked
    const why = (await isThere(join(out, asked))) ? 'holds something else already' : 'was published before, and removed'
    const message = `${join(out, asked)}: ${why}, and a version never changes; choose another name`
    throw new PublishError('VERSION_TAKEN', asked, message)
  }
  const today = new Date().toISOString().slice(0, 10)
  for (let n = 1; ; n++) {
    const name = n === 1 ? today : `${today}.${n}`
    if (await fits(name)) return name
  }
}

/** Whether a version holds what was staged: the same checksums, signed by the same key or by none. */
async function isSame(version: string, staged: string, key: SigningKey | undefined): Promise<boolean> {
  // gpg signs with the time of day; so a signature of its says nothing but that there is one.
  const compared = [CHECKSUMS_FILE, ...(key && 'keyFile' in key ? [SIGNATURE_FILES.binary] : [])]
  for (const file of compared) {
    const contents = await readFile(join(version, file)).catch(() => undefined)
    if (!contents?.equals(await readFile(join(staged, file)))) return false
  }
  return (await isThere(join(version, SIGNATURE_FILES.binary))) === (key !== undefined)
}

const OPTIONS = objectOf({
  ...BUILD_OPTIONS,
  version: text,
  keep: wholeNumber(1),
  signing: SIGNING,
  onProgress: callback,
  onImage: callback,
})

function checkArguments(specs: readonly ImageSpec[], options: PublishOptions): void {
  listOf(checkSpec)(specs, 'specs')
  OPTIONS(options, 'options')
  if (specs.length === 0) throw new TypeError('specs: nothing to publish; give one spec at least')
  const { version } = options
  if (version !== undefined && (!/^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$/.test(version) || version === LATEST)) {
    throw versionInvalid(version)
  }
}

/** The key that all specs name; an image that is signed by one must not be published with the signature of another. */
function agreedKey(specs: readonly ImageSpec[]): SigningKey | undefined {
  const keys = new Map(specs.map(({ signing }) => [JSON.stringify(signing), signing]))
  if (keys.size <= 1) return specs[0].signing
  throw new TypeError(
    'signing: the specs name different keys, but one SHA256SUMS has one signature; give the key to use',
  )
}

function versionInvalid(version: string): PublishError {
  const message =
    `${JSON.stringify(version)}: not the name of a version: give letters, digits, ".", "_", "+" and "-", ` +
    'and no name of a file that is published'
  return new PublishError('VERSION_INVALID', version, message)
}

/** A disk that fails can keep a build from removing its scratch folder, which must not be published. */
function notClean(out: string): PublishError {
  const message = `${out}: what the builds no longer need there cannot be removed; see to the disk and publish again`
  return new PublishError('PUBLISH_FAILED', out, message)
}

function nameTwice(file: string): PublishError {
  const message = `${file}: two of the images have this name; give them names of their own`
  return new PublishError('NAME_TWICE', file, message)
}
