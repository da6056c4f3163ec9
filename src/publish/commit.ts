/** What was built becomes what is published: prepared beside it, and then done as one change. */
import { readdir, readlink, rename, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { checkDelivery } from '../check/index.ts'
import { withDescriptor } from '../descriptors.ts'
import { attempt, type Change, commitChange, reasonOf, type Scratch } from '../disk/index.ts'
import { LATEST, SIGNATURE_FILES } from '../image-files.ts'
import { sha256Hex } from '../sha256.ts'
import type { Signer } from '../signing/index.ts'
import type { Warning } from '../warning.ts'
import { type BuiltImage, STAGED } from './build-version.ts'
import { isOurs, isThere, linkTarget, refuseTakenNames, stateName, stateNumbers, versionedName } from './layout.ts'
import { type NextVersions, nextVersions } from './next-versions.ts'
import type { Publication } from './options.ts'
import { filesOfVersion, type Published, readPublished } from './record.ts'
import { fixModes, isSameState, publishFile, stageState, standingNames } from './state.ts'
import { transferFileOf, transferText } from './transfer.ts'
import { withdrawalWarnings } from './withdrawals.ts'

/** How to publish. */
export interface CommitPlan {
  readonly version: string | undefined
  readonly url: string | undefined
  readonly keep: number | undefined
  /** Who signs. A key that is repeatable gives the same signature of the same contents each time. */
  readonly signing: { readonly signer: Signer; readonly isRepeatable: boolean } | undefined
  readonly signal: AbortSignal | undefined
}

/** Publishes what `buildVersion` has left in `scratch` in `folder`, which is where that lies. One at a time may do so. Throws `PublishError`, `DiskError`, `SigningError`. */
export async function commit(
  folder: string,
  scratch: Scratch,
  built: readonly BuiltImage[],
  { version: asked, url, keep = Number.POSITIVE_INFINITY, signing, signal }: CommitPlan,
): Promise<Publication> {
  const { out } = scratch
  const published = await readPublished(out, scratch.sharing)
  const images = built.map(({ name, files }) => ({ name, files })).sort((a, b) => (a.name < b.name ? -1 : 1))
  const next = nextVersions(published, images, asked, keep)
  const transfers = new Map(url === undefined ? [] : built.map(image => transferOf(image, url)))
  const state = stateName((published?.number ?? 0) + 1)
  const staged = join(scratch.folder, state)
  await stageState(staged, join(out, state), { versions: next.versions, transfers, signer: signing?.signer, signal })
  const isSame = published && (await isPublished(out, published, staged, signing?.isRepeatable === false))
  const current = isSame ? stateName(published.number) : state
  const { change, withdrawn } = await stageChange(scratch, { published, next, staged, current })
  await commitChange(out, scratch, change)
  // In an open folder others could put a link to any file of this user in the place of one.
  if (scratch.sharing !== 'open') await fixModes(out, current, next.versions.flatMap(filesOfVersion))
  const names = built.map(({ file }) => file)
  return {
    folder,
    version: next.latest.version,
    isNew: next.isNew,
    previous: published?.newest,
    images: names,
    isSigned: signing !== undefined,
    warnings: [
      ...scratch.warnings,
      ...built.flatMap(({ warnings }) => warnings),
      ...next.warnings,
      ...withdrawalWarnings({ published, next, withdrawn }),
      ...(await deliveryWarnings(folder, names)),
    ],
    transfers: [...transfers.keys()],
    removed: next.removed.map(({ version }) => version),
  }
}

interface ChangeInputs {
  readonly published: Published | undefined
  readonly next: NextVersions
  /** The folder of a publication in the scratch folder. */
  readonly staged: string
  /** The name of the one that is to be led to: this or the last. */
  readonly current: string
}

/** A change, and the lasting names that it removes. */
interface StagedChange {
  readonly change: Change
  readonly withdrawn: readonly string[]
}

/** Puts into `scratch` what is to get a name in `out`, and resolves to the change. */
async function stageChange(
  scratch: Scratch,
  { published, next, staged, current }: ChangeInputs,
): Promise<StagedChange> {
  const { out } = scratch
  const standing = await standingNames(staged)
  const made = next.isNew ? filesOfVersion(next.latest) : []
  await refuseTakenNames(out, standing, made)
  for (const { name, files } of next.isNew ? next.latest.images : []) {
    for (const { file } of files) {
      const target = join(scratch.folder, versionedName(name, next.latest.version, file))
      await attempt(join(out, file), async () => {
        await rename(join(scratch.folder, STAGED, file), target)
        await publishFile(target)
      })
    }
  }
  const links = await linksToMake(scratch, standing)
  const isNewState = !(await isThere(join(out, current)))
  const pointsThere = (await readlink(join(out, LATEST)).catch(() => undefined)) === current
  if (!pointsThere) await attempt(join(out, LATEST), () => symlink(current, join(scratch.folder, LATEST)))
  // The one before stays for those who have been led to it already.
  const states = (await stateNumbers(out)).filter(number => isNewState && number !== published?.number)
  const withdrawn = await linksToRemove(out, standing)
  const change = {
    // First what the new checksums list: so they are right, wherever this ends.
    files: [...made, ...(isNewState ? [current] : []), ...links, ...(pointsThere ? [] : [LATEST])],
    outdated: [
      ...withdrawn,
      ...[...next.removed, ...(published?.incomplete ?? [])].flatMap(filesOfVersion),
      ...states.map(stateName),
    ],
  }
  return { change, withdrawn }
}

function transferOf({ name, file }: BuiltImage, url: string) {
  const text = transferText(name, file.slice(name.length), url)
  return [transferFileOf(name), { text, sha256: sha256Hex(text) }] as const
}

/** Whether the last publication is what was staged, by any signature or by this one. */
async function isPublished(
  out: string,
  published: Published,
  staged: string,
  isAnySignature: boolean,
): Promise<boolean> {
  // gpg signs with the time of day; so a signature of its says nothing but that there is one.
  const except = isAnySignature ? Object.values(SIGNATURE_FILES) : []
  return isSameState(staged, join(out, stateName(published.number)), except)
}

/** Puts those symlinks into a scratch folder that are not in the folder yet; resolves to their names. */
async function linksToMake(scratch: Scratch, standing: readonly string[]): Promise<string[]> {
  const { out } = scratch
  const made: string[] = []
  for (const file of standing) {
    if (await isOurs(out, file)) continue
    await attempt(join(out, file), () => symlink(linkTarget(file), join(scratch.folder, file)))
    made.push(file)
  }
  return made
}

/** The symlinks for which nothing is published any more. */
async function linksToRemove(out: string, standing: readonly string[]): Promise<string[]> {
  const outdated: string[] = []
  for (const file of await withDescriptor(() => readdir(out))) {
    if (!standing.includes(file) && (await isOurs(out, file))) outdated.push(file)
  }
  return outdated.sort()
}

/** Warns of files beside the lasting names that keep others from verifying an image. Never rejects: all is published. */
async function deliveryWarnings(out: string, images: readonly string[]): Promise<Warning[]> {
  return (await Promise.all(images.map(image => warningsOf(out, image)))).flat()
}

async function warningsOf(out: string, image: string): Promise<Warning[]> {
  try {
    const findings = await checkDelivery(out, image)
    return findings
      .filter(({ severity }) => severity !== 'note')
      .map(({ path, message }) => ({ code: 'DELIVERY_UNFIT', path, message: `${path}: ${message}` }))
  } catch (error) {
    const message = 'is published, but it cannot be told whether pull-tar gets it'
    return [{ code: 'DELIVERY_UNFIT', path: image, message: `${image}: ${message}: ${reasonOf(error)}; see to it` }]
  }
}
