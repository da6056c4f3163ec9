/** What is certain to fail should fail before images are built. */
import type { Scratch } from '../disk/index.ts'
import { CHECKSUMS_FILE, manifestFileOf, SIGNATURE_FILES, settingsFileOf } from '../image-files.ts'
import type { ImageSpec } from '../plan/index.ts'
import { refuseTakenNames } from './layout.ts'
import { readPublished } from './record.ts'
import { transferFileOf } from './transfer.ts'
import { nameVersion } from './version-name.ts'

/** What is known of a publication before its images are built. */
export interface Intent {
  /** The name of the version, if one is asked for. */
  readonly version: string | undefined
  readonly url: string | undefined
  readonly isSigned: boolean
}

/**
 * Throws `PublishError` IN_THE_WAY if lasting names are taken that this publication is certain to need, and VERSION_TAKEN or
 * VERSION_OLDER for a version that cannot come next.
 */
export async function checkFolder(
  { out, sharing }: Scratch,
  specs: readonly ImageSpec[],
  intent: Intent,
): Promise<void> {
  const { version } = intent
  const published = await readPublished(out, sharing)
  // Under the newest name, the same images may be published again.
  if (version !== undefined && version !== published?.newest) nameVersion(version, published)
  const signatures = intent.isSigned ? Object.values(SIGNATURE_FILES) : []
  const names = specs.flatMap(spec => lastingNamesOf(spec, intent))
  await refuseTakenNames(out, [...new Set([CHECKSUMS_FILE, ...signatures, ...names])].sort(), [])
}

/** A spec without a name gets one by its build, which also tells whether a name is one. */
function lastingNamesOf({ name, format = 'tar.xz', nspawn }: ImageSpec, { url }: Intent): string[] {
  if (name === undefined || name.includes('/')) return []
  return [
    `${name}.${format}`,
    manifestFileOf(name),
    ...(nspawn === undefined ? [] : [settingsFileOf(name)]),
    ...(url === undefined ? [] : [transferFileOf(name)]),
  ]
}
