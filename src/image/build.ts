import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openSigner, type Signer } from '../signing/index.ts'
import { reasonOf } from '../store/index.ts'
import type { Warning } from '../warning.ts'
import { createBlockMap } from './block-map.ts'
import { CHECKSUMS_FILE, mergeChecksums, SIGNATURE_FILES } from './checksums.ts'
import type { Delivery } from './delivery.ts'
import { ImageError } from './errors.ts'
import { type ArtefactDigest, formatManifest, type ManifestBlock, parseArtefacts } from './manifest.ts'
import { withLock } from './output-lock.ts'
import { type ImageFiles, resultOf } from './result.ts'
import { bytesOf, type ImageSpec } from './spec.ts'
import { digestOf, openStaging, type StagedFile, type Staging } from './staging.ts'

/** Who signs what the spec says; `undefined` for nobody. Rejects with `SigningError`. */
export async function openSignerOf({ signing }: ImageSpec): Promise<Signer | undefined> {
  return signing && openSigner(signing)
}

/** Builds an image into a folder, and leaves all of its files there or none. */
export async function buildInto(out: string, delivery: Delivery, signer: Signer | undefined): Promise<ImageFiles> {
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
    const artefacts: [ArtefactDigest, ...ArtefactDigest[]] = [await image.close()]
    if (settings) artefacts.push(await stageWhole(staging, settingsFile, settings))
    const result = resultOf(delivery.run, artefacts, blocks)
    await stageWhole(staging, manifestFile, formatManifest(result.manifest))
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
    const warnings = [...result.warnings, ...staleWarnings(paths[0])]
    return { ...result, warnings, image: paths[0], files: paths }
  } catch (error) {
    await staging.discard()
    throw error
  }
}

/** Writes the file of the image, and resolves to where its blocks are. */
async function writeChunks(delivery: Delivery, image: StagedFile): Promise<readonly ManifestBlock[]> {
  const map = createBlockMap()
  const rewind = async () => {
    await image.rewind()
    map.clear()
  }
  for await (const chunk of delivery.chunks(rewind)) {
    await image.write(chunk.bytes)
    map.add(chunk)
  }
  return map.blocks
}

/** A file of checksums that another program has left, and that is looked at before ours. */
function staleWarnings(image: string): Warning[] {
  const file = `${image}.sha256`
  if (!existsSync(file)) return []
  const message = `${file}: systemd 252 to 257 look for it first, and then insist that it be signed; remove it`
  return [{ code: 'DELIVERY_UNFIT', path: file, message }]
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
