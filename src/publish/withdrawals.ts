/** Warnings about what a publication takes away: hosts that fetch it at night would be the first to notice. */
import { isImageFile, isSettingsFile, SIGNATURE_FILES } from '../image-files.ts'
import type { Warning } from '../warning.ts'
import type { NextVersions } from './next-versions.ts'
import type { Published } from './record.ts'
import { transferFileOf } from './transfer.ts'

/** What a publication changes in a folder. */
export interface Withdrawal {
  readonly published: Published | undefined
  readonly next: NextVersions
  /** Lasting names that lead nowhere any more. */
  readonly withdrawn: readonly string[]
}

/** One warning for each image that is gone as a whole, and one for each other lasting name. */
export function withdrawalWarnings({ published, next, withdrawn }: Withdrawal): Warning[] {
  const before = [...(published?.incomplete ?? []), ...(published?.versions ?? [])]
  const owners = new Map<string, string>()
  for (const { name, files } of before.flatMap(({ images }) => images)) {
    for (const file of [...files.map(({ file }) => file), transferFileOf(name)]) owners.set(file, name)
  }
  const lost = lostImages(published, next)
  const current = new Set(next.latest.images.map(({ name }) => name))
  const warned = new Set(lost.keys())
  const warnings = [...lost].map(([name, version]) => lostWarning(name, version))
  for (const file of withdrawn) {
    const owner = owners.get(file)
    if (owner === undefined || current.has(owner)) warnings.push(fileWarning(file, owner, next))
    else if (!warned.has(owner)) warnings.push(imageWarning(owner))
    if (owner !== undefined) warned.add(owner)
  }
  return warnings
}

/** The images that no version has any more, each with the last one that had it. */
function lostImages(published: Published | undefined, { versions, removed }: NextVersions): Map<string, string> {
  const left = new Set(versions.flatMap(({ images }) => images.map(({ name }) => name)))
  const lost = new Map<string, string>()
  for (const { version, images } of [...(published?.incomplete ?? []), ...removed]) {
    for (const { name } of images) if (!left.has(name)) lost.set(name, version)
  }
  return lost
}

function lostWarning(name: string, version: string): Warning {
  const message = `${name}: version ${version} was removed, and was the last that had this image; publish all of a folder together`
  return { code: 'IMAGE_WITHDRAWN', path: name, message }
}

function imageWarning(name: string): Warning {
  const reason = 'it was not published with the others; publish all of a folder together'
  const message = `${name}: has no newest version any more, because ${reason}`
  return { code: 'IMAGE_WITHDRAWN', path: name, message }
}

/** About one lasting name of the image `owner`, which is still published, or of the whole folder. */
function fileWarning(file: string, owner: string | undefined, { latest }: NextVersions): Warning {
  const isImage = owner !== undefined && isImageFile(file)
  const code = isImage ? 'IMAGE_WITHDRAWN' : 'FILE_WITHDRAWN'
  return { code, path: file, message: `${file}: is no longer there: ${reason()}` }

  function reason(): string {
    if (isImage) {
      const files = latest.images.find(({ name }) => name === owner)?.files.map(({ file }) => file)
      return `hosts that pull it find nothing; give them ${files?.find(isImageFile)}, or publish again in the format of before`
    }
    if (Object.values<string>(SIGNATURE_FILES).includes(file)) {
      return 'hosts that verify signatures refuse the images; publish again with a key (--sign-key or --sign-gpg)'
    }
    if (owner !== undefined && file === transferFileOf(owner)) {
      return 'hosts cannot fetch it to set up updates; publish again with the URL of the folder (--url)'
    }
    if (isSettingsFile(file))
      return 'new machines start without these settings; publish again with settings to keep them'
    return 'this publication does not have it'
  }
}
