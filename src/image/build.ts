import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { openSigner, type Signer } from '../signing/index.ts'
import { reasonOf } from '../store/index.ts'
import { CHECKSUMS_FILE, mergeChecksums, SIGNATURE_FILES } from './checksums.ts'
import { type Delivery, startDelivery } from './delivery.ts'
import { ImageError } from './errors.ts'
import {
  type ArtefactDigest,
  createManifest,
  formatManifest,
  type ImageManifest,
  type ManifestBlock,
  parseArtefacts,
} from './manifest.ts'
import { withLock } from './output-lock.ts'
import { withAbsolutePaths } from './paths.ts'
import type { BuildOptions } from './produce.ts'
import { bytesOf, type ImageSpec } from './spec.ts'
import { digestOf, openStaging, type StagedFile, type Staging } from './staging.ts'
import { type ImageSummary, summarize } from './summary.ts'

/** An image in a folder. */
export interface ImageFiles extends ImageSummary {
  /** Absolute path of the image file. */
  readonly image: string
  /** SHA-256 of the image file, lower-case base 16. */
  readonly sha256: string
  /** Absolute paths of everything delivered, the image first. */
  readonly files: readonly string[]
  readonly manifest: ImageManifest
}

/**
 * Builds an image into `folder`: `NAME.tar.xz`, `NAME.nspawn` if the spec has settings, `NAME.manifest.json`, and
 * `SHA256SUMS`, which keeps what it says of other files there, with its signatures if the spec says who signs. All of them are
 * there at the end, or none.
 *
 * Rejects with the error of whoever finds a fault (`StoreError`, `NixError`, `ImageError`, `SystemdError`,
 * `TreeConflictError`, `TarError`), with `RangeError` or `TypeError` for a spec or option that cannot be meant, and with
 * the signal's reason when aborted.
 */
export async function buildImage(spec: ImageSpec, folder: string, options: BuildOptions = {}): Promise<ImageFiles> {
  if (folder === '') throw new TypeError('folder: give the path of a folder, "" is none')
  const out = resolve(folder)
  const absolute = withAbsolutePaths(spec)
  // First: who has the wrong key should not wait for an image to learn it.
  const signer = absolute.signing && (await openSigner(absolute.signing))
  const delivery = await startDelivery(absolute, options)
  try {
    return await buildInto(out, delivery, signer)
  } finally {
    await delivery.close()
  }
}

async function buildInto(out: string, delivery: Delivery, signer: Signer | undefined): Promise<ImageFiles> {
  const { signal } = delivery
  const { name, container, settings } = delivery.run.image
  const imageFile = `${name}${container.suffix}`
  const settingsFile = `${name}.nspawn`
  const manifestFile = `${name}.manifest.json`
  const signatureFiles = Object.values(SIGNATURE_FILES)
  const staging = await openStaging(out, [imageFile, settingsFile, manifestFile, CHECKSUMS_FILE, ...signatureFiles])
  try {
    const image = await staging.create(imageFile)
    const blocks = await writeChunks(delivery, image)
    const artefacts = [await image.close()]
    if (settings) artefacts.push(await stageWhole(staging, settingsFile, settings))
    const manifest = createManifest(delivery.run.image, delivery.run.sizes, artefacts, blocks)
    await stageWhole(staging, manifestFile, formatManifest(manifest))
    // The checksums come last: until they fit the image, nobody who verifies takes it.
    const files = [...artefacts.map(artefact => artefact.file), manifestFile, CHECKSUMS_FILE]
    await withLock(
      out,
      async () => {
        const present = settings ? undefined : await digestOf(out, settingsFile)
        const ours = present && (await isFromBefore(out, manifestFile, present))
        const outdated = present && ours ? [settingsFile] : []
        // Settings that somebody else put there are delivered with the image, too, and pull-tar wants them listed.
        const foreign = present && !ours ? [present] : []
        const replaced = new Set([...files, ...outdated])
        const text = await checksums(out, [...artefacts, ...foreign], replaced)
        await stageWhole(staging, CHECKSUMS_FILE, text)
        if (signer) {
          const signatures = await signer.sign(bytesOf(text), signal)
          await stageWhole(staging, SIGNATURE_FILES.binary, signatures.binary)
          await stageWhole(staging, SIGNATURE_FILES.armored, signatures.armored)
          files.push(...signatureFiles)
        } else if (text !== (await readIfThere(join(out, CHECKSUMS_FILE)))) {
          // Who verifies would take them for forged.
          outdated.push(...signatureFiles.filter(file => existsSync(join(out, file))))
        }
        signal.throwIfAborted()
        await staging.commit(files, outdated)
      },
      signal,
    )
    const paths = files.map(file => join(out, file))
    const { sha256, size } = artefacts[0]
    const summary = summarize(delivery.run, size)
    const warnings = [...summary.warnings, ...staleWarnings(paths[0])]
    return { ...summary, warnings, image: paths[0], sha256, files: paths, manifest }
  } catch (error) {
    await staging.discard()
    throw error
  }
}

/** Writes the file of the image, and resolves to where its blocks are. */
async function writeChunks(delivery: Delivery, image: StagedFile): Promise<ManifestBlock[]> {
  const blocks: ManifestBlock[] = []
  let offset = 0
  let tarOffset = 0
  const rewind = async () => {
    await image.rewind()
    blocks.length = 0
    offset = 0
    tarOffset = 0
  }
  for await (const { bytes, block } of delivery.chunks(rewind)) {
    await image.write(bytes)
    offset += bytes.length
    if (!block) continue
    const { size, uncompressedSize: tarSize } = block
    blocks.push({ offset: offset - size, size, tarOffset, tarSize })
    tarOffset += tarSize
  }
  return blocks
}

/** A file of checksums that another program has left, and that is looked at before ours. */
function staleWarnings(image: string): string[] {
  const file = `${image}.sha256`
  if (!existsSync(file)) return []
  return [`${file}: systemd 252 to 257 look for it first, and then insist that it be signed; remove it`]
}

async function stageWhole(staging: Staging, file: string, contents: string | Uint8Array): Promise<ArtefactDigest> {
  const staged = await staging.create(file)
  await staged.write(bytesOf(contents))
  return staged.close()
}

/** `SHA256SUMS` for the artefacts and whatever else lies in the folder, but for what this build replaces. */
async function checksums(out: string, artefacts: readonly ArtefactDigest[], replaced: Set<string>): Promise<string> {
  const previous = (await readIfThere(join(out, CHECKSUMS_FILE))) ?? ''
  return mergeChecksums(previous, artefacts, file => existsSync(join(out, file)) && !replaced.has(file))
}

/** Whether a file is one that the build before this one has left, and as it has left it. */
async function isFromBefore(out: string, manifestFile: string, present: ArtefactDigest): Promise<boolean> {
  const previous = parseArtefacts(await readIfThere(join(out, manifestFile)))
  return previous.some(({ file, sha256 }) => file === present.file && sha256 === present.sha256)
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    const message = `${path}: from an earlier build, cannot be read: ${reasonOf(error)}; remove it`
    throw new ImageError('OUTPUT_FAILED', path, message, { cause: error })
  }
}
