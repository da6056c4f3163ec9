import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DiskError, openStaging, type StagedFile, withLock } from '../disk/index.ts'
import { ImageError } from '../image-error.ts'
import {
  CHECKSUMS_FILE,
  LATEST,
  manifestFileOf,
  ownChecksumsFileOf,
  RECORD_FILE,
  SIGNATURE_FILES,
  settingsFileOf,
} from '../image-files.ts'
import { type ArtefactDigest, type FileLayout, formatManifest } from '../manifest/index.ts'
import type { Signer } from '../signing/index.ts'
import type { Warning } from '../warning.ts'
import { createBlockMap } from './block-map.ts'
import { planChanges } from './folder-changes.ts'
import type { RestartingBuild } from './restarting-build.ts'
import { type ImageFiles, resultOf } from './result.ts'

/** Writes the files of an image that is being built into a folder, and leaves all of them there or none. */
export async function writeFolder(
  out: string,
  build: RestartingBuild,
  signer: Signer | undefined,
): Promise<ImageFiles> {
  const { signal } = build
  refusePublication(out)
  const { name, container, settings } = build.attempt.image
  const imageFile = `${name}${container.suffix}`
  const settingsFile = settingsFileOf(name)
  const manifestFile = manifestFileOf(name)
  const signatureFiles = Object.values(SIGNATURE_FILES)
  const reserved = [imageFile, ...(settings ? [settingsFile] : []), manifestFile, CHECKSUMS_FILE, ...signatureFiles]
  const staging = await openStaging(out, reserved, signal).catch(error => {
    throw imageErrorOf(error)
  })
  try {
    const image = await staging.create(imageFile)
    const layout = await writeChunks(build, image)
    const artefacts: [ArtefactDigest, ...ArtefactDigest[]] = [await image.close()]
    if (settings) artefacts.push(await staging.writeFile(settingsFile, Buffer.from(settings)))
    const result = resultOf(build.attempt, artefacts, layout)
    const manifest = await staging.writeFile(manifestFile, Buffer.from(formatManifest(result.manifest)))
    const found: Warning[] = [...staging.warnings]
    // The checksums come last: until they fit the image, no importer that verifies accepts it.
    const files = [...artefacts.map(artefact => artefact.file), manifestFile, CHECKSUMS_FILE]
    await withLock(
      staging.out,
      async () => {
        const noSettings = settings ? undefined : settingsFile
        const added = { artefacts, manifest, files, noSettings, isSigned: signer !== undefined }
        const changes = await planChanges(staging.out, staging.sharing, added)
        const text = changes.checksums
        const outdated = [...changes.outdated]
        found.push(...changes.warnings.map(staging.reveal))
        await staging.writeFile(CHECKSUMS_FILE, Buffer.from(text))
        if (signer) {
          const signatures = await signer.sign(Buffer.from(text), signal)
          await staging.writeFile(SIGNATURE_FILES.binary, signatures.binary)
          await staging.writeFile(SIGNATURE_FILES.armored, Buffer.from(signatures.armored))
          files.push(...signatureFiles)
        } else if (text !== changes.previous) {
          // An importer that verifies would take them for forged.
          outdated.push(...signatureFiles.filter(file => existsSync(join(staging.out, file))))
        }
        signal.throwIfAborted()
        await staging.commit(files, outdated)
      },
      signal,
    )
    const paths = files.map(file => join(out, file))
    const warnings = [...result.warnings, ...found, ...staleWarnings(paths[0])]
    return { ...result, warnings, image: paths[0], files: paths }
  } catch (error) {
    // There may be no descriptor to clear up with before the threads have ended.
    await build.close()
    throw imageErrorOf(staging.reveal(error))
  } finally {
    await staging.discard()
  }
}

/** Throws `ImageError` OUTPUT_FAILED for a folder of publications: files in place of its symlinks would end all further ones. */
function refusePublication(folder: string): void {
  if (!existsSync(join(folder, LATEST, RECORD_FILE))) return
  const message =
    'has published images, whose symlinks a build would replace; publish into it instead, or choose another folder'
  throw new ImageError('OUTPUT_FAILED', folder, `${folder}: ${message}`)
}

/** Writes the file of the image, and resolves to its digest and blocks. */
async function writeChunks(build: RestartingBuild, image: StagedFile): Promise<FileLayout> {
  const map = createBlockMap()
  const rewind = async () => {
    await image.rewind()
    map.clear()
  }
  for await (const chunk of build.chunks(rewind)) {
    await image.write(chunk.bytes)
    map.add(chunk)
  }
  return map.layout
}

/** A file of checksums by another program, which systemd reads before ours. */
function staleWarnings(image: string): Warning[] {
  const file = ownChecksumsFileOf(image)
  if (!existsSync(file)) return []
  const message = `${file}: systemd 252 to 257 look for it first, and then insist that it be signed; remove it`
  return [{ code: 'DELIVERY_UNFIT', path: file, message }]
}

/** Turns an error of writing to disk into one of the image; any other stays as it is. */
function imageErrorOf(error: unknown): unknown {
  if (!(error instanceof DiskError)) return error
  return new ImageError('OUTPUT_FAILED', error.path, error.message, { cause: error.cause })
}
