import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { abortable } from '../abortable.ts'
import { withDescriptor } from '../descriptors.ts'
import { revealPath, type Scratch } from '../disk/index.ts'
import { type BuildOptions, build } from '../image/index.ts'
import { CHECKSUMS_FILE, manifestFileOf } from '../image-files.ts'
import { parseChecksums } from '../manifest/index.ts'
import type { ImageSpec } from '../plan/index.ts'
import type { Warning } from '../warning.ts'
import { PublishError } from './errors.ts'
import type { PublishOptions } from './options.ts'
import type { PublishedImage } from './record.ts'

/** Images that were built for a version, in a folder of their own. */
export interface BuiltImage extends PublishedImage {
  /** The name of the image file. */
  readonly file: string
  /** Those of its build. */
  readonly warnings: readonly Warning[]
}

/** The folder in a scratch folder in which the images of a version are built. */
export const STAGED = 'version'

/** How to build. */
export interface BuildPlan extends Pick<PublishOptions, 'onImage' | 'onProgress'> {
  readonly build: BuildOptions
}

/** Builds images, unsigned, into {@link STAGED} in a scratch folder. Rejects as a build does, and with `PublishError`. */
export async function buildVersion(
  specs: readonly ImageSpec[],
  scratch: Scratch,
  { build: options, onProgress, onImage }: BuildPlan,
): Promise<BuiltImage[]> {
  const staged = join(scratch.folder, STAGED)
  const images: (Omit<BuiltImage, 'files'> & { names: string[] })[] = []
  for (const spec of specs) {
    await using job = build({ ...spec, signing: undefined }, options)
    if (onProgress) job.on('progress', onProgress)
    const reveal = <T>(told: T) => revealPath(told, scratch.folder, scratch.shown)
    const built = await job.toFolder(staged).catch(error => {
      throw reveal(error)
    })
    const image = { ...built, image: reveal(built.image), files: built.files.map(reveal) }
    const { name, warnings } = image
    const artefacts = image.manifest.artefacts.map(({ file }) => file)
    const [file] = artefacts
    if (images.some(other => other.name === name)) throw nameTwice(file)
    images.push({ name, file, warnings, names: [...artefacts, manifestFileOf(name)] })
    // It may be an async function.
    await abortable(async () => onImage?.(image), options.signal)
  }
  // A disk that fails can keep a build from removing its scratch folder.
  const names = await withDescriptor(() => readdir(staged))
  if (names.some(file => file.startsWith('.'))) throw notClean(scratch.shown)
  const checksums = parseChecksums(await withDescriptor(() => readFile(join(staged, CHECKSUMS_FILE), 'utf8')))
  return images.map(({ names, ...image }) => ({
    ...image,
    files: checksums.filter(line => names.includes(line.file)),
  }))
}

function notClean(folder: string): PublishError {
  const message = `${folder}: what the builds no longer need there cannot be removed; see to the disk and publish again`
  return new PublishError('PUBLISH_FAILED', folder, message)
}

function nameTwice(file: string): PublishError {
  const message = `${file}: two of the images have this name; give them names of their own`
  return new PublishError('NAME_TWICE', file, message)
}
