/** Gives an image that has come its name, together with the files beside it. */
import { join } from 'node:path'
import { digestOf, openStaging, readIfThere, withLock } from '../disk/index.ts'
import { parseManifest } from '../manifest/index.ts'
import { sha256Hex } from '../sha256.ts'
import type { Warning } from '../warning.ts'

/** The files that the folder gets. */
export interface FilesToInstall {
  readonly folder: string
  /** The image, and where it lies now; without a path it is there already. */
  readonly image: { readonly file: string; readonly path: string | undefined }
  readonly manifest: SmallFile
  readonly settings: SmallFile
}

/** A file beside the image, and its bytes if it has one. */
export interface SmallFile {
  readonly file: string
  readonly bytes: Uint8Array | undefined
}

/** The files that are there now. */
export interface InstalledFiles {
  /** Absolute paths, the image first. */
  readonly files: readonly string[]
  readonly warnings: readonly Warning[]
}

/** Installs all or nothing. Throws `DiskError`, and rejects when aborted. */
export async function installFiles(
  { folder, image, manifest, settings }: FilesToInstall,
  signal: AbortSignal,
): Promise<InstalledFiles> {
  const staging = await openStaging(folder, [image.file, manifest.file], signal)
  const { out } = staging
  try {
    const before = await digestOf(join(out, settings.file))
    const isOurs = before === undefined || (await isPulled(out, manifest.file, before.sha256))
    const isSame = before !== undefined && settings.bytes !== undefined && before.sha256 === sha256Hex(settings.bytes)
    const changed: string[] = []
    const outdated: string[] = []
    if (image.path !== undefined) {
      await staging.take(image.path, image.file)
      changed.push(image.file)
    }
    const small = isOurs && !isSame ? [settings, manifest] : [manifest]
    for (const { file, bytes } of small) {
      if (bytes === undefined) outdated.push(file)
      else if ((await digestOf(join(out, file)))?.sha256 !== sha256Hex(bytes)) {
        await staging.writeFile(file, bytes)
        changed.push(file)
      }
    }
    if (changed.length + outdated.length > 0) {
      await withLock(out, () => staging.commit(changed, outdated), signal)
    }
    const files = [image.file, ...(settings.bytes || !isOurs ? [settings.file] : [])]
    if (manifest.bytes) files.push(manifest.file)
    return {
      files: files.map(file => join(folder, file)),
      warnings: [...staging.warnings, ...(isOurs || isSame ? [] : [kept(join(folder, settings.file))])],
    }
  } catch (error) {
    throw staging.reveal(error)
  } finally {
    await staging.discard()
  }
}

/** Whether settings are as the manifest beside them says, and so came with the image. */
async function isPulled(folder: string, manifestFile: string, sha256: string): Promise<boolean> {
  const manifest = parseManifest((await readIfThere(join(folder, manifestFile)))?.toString() ?? '')
  return manifest?.artefacts.some(artefact => artefact.sha256 === sha256) ?? false
}

function kept(path: string): Warning {
  const message = `${path}: was changed since it was pulled, and is kept; remove it to have the published settings`
  return { code: 'SETTINGS_KEPT', path, message }
}
