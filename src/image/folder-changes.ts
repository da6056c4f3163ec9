/**
 * What changes in the folder of an image besides the image. Images of several systems may share a folder and its SHA256SUMS,
 * and the user may put settings beside an image that has none. Files that others may have put there are not signed: a signature
 * speaks for the user.
 */
import type { Stats } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { withDescriptor } from '../descriptors.ts'
import { digestOf, isOwn, isTrusted, lookAt, ownerShown, readIfThere, reasonOf, type Sharing } from '../disk/index.ts'
import { ImageError } from '../image-error.ts'
import { CHECKSUMS_FILE, isManifestFile } from '../image-files.ts'
import { type ArtefactDigest, mergeChecksums, parseArtefacts, parseChecksums } from '../manifest/index.ts'
import { sha256Hex } from '../sha256.ts'
import type { Warning } from '../warning.ts'

/** The files that are about to be added. */
export interface AddedFiles {
  /** The image, and the settings if they come from its spec. */
  readonly artefacts: readonly ArtefactDigest[]
  readonly manifest: ArtefactDigest
  /** Names of all files that are about to be replaced. */
  readonly files: readonly string[]
  /** The name of the settings, if the image comes without. */
  readonly noSettings: string | undefined
  readonly isSigned: boolean
}

/** What changes besides. */
export interface FolderChanges {
  /** The text of SHA256SUMS before, and as it is to be. */
  readonly previous: string | undefined
  readonly checksums: string
  /** Files of an earlier build that this one replaces by none. */
  readonly outdated: readonly string[]
  readonly warnings: readonly Warning[]
}

/** Looks at what lies in `folder`, which is shared as `sharing` says. Throws `DiskError`, `ImageError` OUTPUT_FAILED. */
export async function planChanges(folder: string, sharing: Sharing, added: AddedFiles): Promise<FolderChanges> {
  const { artefacts, manifest, noSettings, isSigned } = added
  const path = join(folder, CHECKSUMS_FILE)
  const present = noSettings === undefined ? undefined : await digestOf(join(folder, noSettings))
  const isOutdated = present && (await isFromBefore(folder, sharing, manifest.file, present))
  if (present && !isOutdated && isSigned) await checkSettings(join(folder, present.file), sharing)
  const outdated = present && isOutdated ? [present.file] : []
  // Settings that the user put there are delivered, too, and pull-tar needs their checksum.
  const settings = present && !isOutdated ? [present] : []
  const isSure = !isSigned || (sharing === 'private' && (await mayTrust(path, isTrusted)))
  const previous = (await readIfThere(path))?.toString()
  const lines = await othersOf(folder, previous ?? '', [...added.files, ...outdated])
  const known = isSure || lines.length === 0 ? lines : await ownAmong(folder, lines)
  const unknown = lines.filter(line => !known.includes(line)).map(({ file }) => file)
  return {
    previous,
    checksums: mergeChecksums(known, [...artefacts, ...settings, manifest]),
    outdated,
    warnings: unknown.length > 0 ? [leftOut(path, unknown)] : [],
  }
}

interface Line {
  readonly file: string
  readonly sha256: string
}

/** The lines of SHA256SUMS about other files, but not about those that are certain to be gone. */
async function othersOf(folder: string, text: string, replaced: readonly string[]): Promise<Line[]> {
  const lines: Line[] = []
  for (const line of parseChecksums(text)) {
    if (!replaced.includes(line.file) && (await mayBeThere(join(folder, line.file)))) lines.push(line)
  }
  return lines
}

/** Whether something may be at a path, which anybody may have written into SHA256SUMS. Throws `ImageError` OUTPUT_FAILED. */
async function mayBeThere(path: string): Promise<boolean> {
  try {
    return (await lookAt(path)) !== undefined
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (['ENOTDIR', 'ENAMETOOLONG', 'ELOOP'].includes(code)) return false
    // In a folder of somebody else, who may serve what is in it.
    if (code === 'EACCES') return true
    const message = `${path}: is in ${CHECKSUMS_FILE}, and cannot be looked for: ${reasonOf(error)}; remove its line`
    throw new ImageError('OUTPUT_FAILED', path, message, { cause: error })
  }
}

/**
 * The lines for manifests of this user, and those that such a manifest confirms: only builds of this user write such a file.
 * In an open folder somebody can bring back an older one, and so a line for an image of this user that was replaced since,
 * but none for any other.
 */
async function ownAmong(folder: string, lines: readonly Line[]): Promise<Line[]> {
  const manifests = (await withDescriptor(() => readdir(folder))).filter(isManifestFile)
  const own = new Set<string>()
  for (const name of manifests) {
    const bytes = await readIfThere(join(folder, name), isOwn)
    if (!bytes) continue
    own.add(`${sha256Hex(bytes)}  ${name}`)
    for (const { file, sha256 } of parseArtefacts(bytes.toString())) own.add(`${sha256}  ${file}`)
  }
  return lines.filter(({ file, sha256 }) => own.has(`${sha256}  ${file}`))
}

/** Whether settings are those of the build before this one, unchanged. */
async function isFromBefore(folder: string, sharing: Sharing, manifestFile: string, present: ArtefactDigest) {
  const trusts = sharing === 'private' ? isTrusted : isOwn
  if (!(await mayTrust(join(folder, present.file), trusts))) return false
  const artefacts = parseArtefacts((await readIfThere(join(folder, manifestFile), trusts))?.toString())
  return artefacts.some(({ file, sha256 }) => file === present.file && sha256 === present.sha256)
}

async function mayTrust(path: string, trusts: (found: Stats) => boolean): Promise<boolean> {
  const found = await lookAt(path)
  return found !== undefined && trusts(found)
}

/** Throws `ImageError` OUTPUT_FAILED for settings that are not certain to be the user's. */
async function checkSettings(path: string, sharing: Sharing): Promise<void> {
  const found = await lstat(path)
  if (sharing === 'private' ? isTrusted(found) : sharing === 'sticky' && isOwn(found)) return
  const message =
    `${path}: would be signed with the image, but others may have put it there (it belongs to ${ownerShown(found)}): ` +
    'remove it, give these settings with the image, or choose a folder that only you can write'
  throw new ImageError('OUTPUT_FAILED', path, message)
}

function leftOut(path: string, files: readonly string[]): Warning {
  const shown = files.length > 3 ? `${files.slice(0, 3).join(', ')} and ${files.length - 3} more` : files.join(', ')
  const message =
    `${path}: no longer lists ${shown}: others can write into this folder, and only what this user has built is ` +
    'signed; build it again, or choose a folder that only you can write'
  return { code: 'CHECKSUMS_NOT_OWN', path, message }
}
