import { type Command, Option } from 'commander'
import { imageNameOf } from '../image-files.ts'
import { createSbom, SBOM_FORMATS, type SbomFormat } from '../report/index.ts'
import { addOpenOptions, type OpenFlags, openForUser, someImage } from './open-image.ts'
import { pageTitle } from './page-title.ts'
import { printJson } from './print.ts'
import { UsageError } from './usage.ts'

interface SbomFlags extends OpenFlags {
  format: SbomFormat
}

const EPILOGUE = `
Lists the store paths that are registered in IMAGE, with name, version, NAR hash
and references: as CycloneDX 1.6 or SPDX 2.3, in JSON, on standard output.
Licenses, suppliers and CPEs are not in an image, and are not stated.

The output is the same each time. It has the time of SOURCE_DATE_EPOCH, if set;
otherwise CycloneDX has no time, and SPDX, which needs one, has
1970-01-01T00:00:00Z.

Example:
  nspawn-rootfs sbom images/web.tar.xz > web.cdx.json

Topic: nspawn-rootfs help looking`

/** Adds the argument and options of the command `sbom`, and what it does. */
export function defineSbom(sbom: Command): void {
  addOpenOptions(
    sbom
      .argument('<IMAGE>', 'path or URL of an image', someImage)
      .addOption(new Option('--format <FORMAT>', 'format of the output').choices(SBOM_FORMATS).default('cyclonedx')),
  )
    .addHelpText('after', EPILOGUE)
    .action(printSbom)
}

async function printSbom(file: string, flags: SbomFlags): Promise<void> {
  const created = sourceDate(process.env.SOURCE_DATE_EPOCH)
  await using image = await openForUser(file, flags, { isOfManifest: true })
  const name = image.manifest?.name ?? (imageNameOf(pageTitle(file)) || undefined)
  printJson(await createSbom(image, { format: flags.format, name, created }), process.stdout, 2)
}

/** The time that a build is to state: seconds since 1970 (reproducible-builds.org/specs/source-date-epoch). */
function sourceDate(seconds: string | undefined): Date | undefined {
  if (seconds === undefined || seconds === '') return undefined
  const created = new Date(Number(seconds) * 1000)
  if (/^\d+$/.test(seconds) && created.getUTCFullYear() <= 9999) return created
  throw new UsageError('SOURCE_DATE_EPOCH: give the seconds since 1970')
}
