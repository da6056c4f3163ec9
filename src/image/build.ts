import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DiskError, openStaging, type StagedFile, type Staging, withLock } from '../disk/index.ts'
import { ImageError } from '../image-error.ts'
import { CHECKSUMS_FILE, manifestFileOf, ownChecksumsFileOf, SIGNATURE_FILES, settingsFileOf } from '../image-files.ts'
import { type ArtefactDigest, type FileLayout, formatManifest } from '../manifest/index.ts'
import type { ImageSpec } from '../plan/index.ts'
import { openSigner, type Signer } from '../signing/index.ts'
import type { Warning } from '../warning.ts'
import { lookBeside } from './beside.ts'
import { createBlockMap } from './block-map.ts'
import type { Delivery } from './delivery.ts'
import { type ImageFiles, resultOf } from './result.ts'

/** Opens the signer of a spec; `undefined` if it has none. Rejects with `SigningError`. */
export async function openSignerOf({ signing }: ImageSpec): Promise<Signer | undefined> {
  return signing && openSigner(signing)
}

/** Builds an image into a folder, and leaves all of its files there or none. */
export async function buildInto(out: string, delivery: Delivery, signer: Signer | undefined): Promise<ImageFiles> {
  const { signal } = delivery
  const { name, container, settings } = delivery.run.image
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
    const layout = await writeChunks(delivery, image)
    const artefacts: [ArtefactDigest, ...ArtefactDigest[]] = [await image.close()]
    if (settings) artefacts.push(await stageWhole(staging, settingsFile, settings))
    const result = resultOf(delivery.run, artefacts, layout)
    const manifest = await stageWhole(staging, manifestFile, formatManifest(result.manifest))
    const found: Warning[] = [...staging.warnings]
    // The checksums come last: until they fit the image, no importer that verifies accepts it.
    const files = [...artefacts.map(artefact => artefact.file), manifestFile, CHECKSUMS_FILE]
    await withLock(
      staging.out,
      async () => {
        const noSettings = settings ? undefined : settingsFile
        const delivered = { artefacts, manifest, files, noSettings, isSigned: signer !== undefined }
        const beside = await lookBeside(staging.out, staging.sharing, delivered)
        const text = beside.checksums
        const outdated = [...beside.outdated]
        found.push(...beside.warnings.map(staging.reveal))
        await stageWhole(staging, CHECKSUMS_FILE, text)
        if (signer) {
          const signatures = await signer.sign(Buffer.from(text), signal)
          await stageWhole(staging, SIGNATURE_FILES.binary, signatures.binary)
          await stageWhole(staging, SIGNATURE_FILES.armored, signatures.armored)
          files.push(...signatureFiles)
        } else if (text !== beside.previous) {
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
    await delivery.close()
    throw imageErrorOf(staging.reveal(error))
  } finally {
    await staging.discard()
  }
}

/** Writes the file of the image, and resolves to its digest and blocks. */
async function writeChunks(delivery: Delivery, image: StagedFile): Promise<FileLayout> {
  const map = createBlockMap()
  const rewind = async () => {
    await image.rewind()
    map.clear()
  }
  for await (const chunk of delivery.chunks(rewind)) {
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

async function stageWhole(staging: Staging, file: string, contents: string | Uint8Array): Promise<ArtefactDigest> {
  const staged = await staging.create(file)
  await staged.write(typeof contents === 'string' ? Buffer.from(contents) : contents)
  return staged.close()
}
