import { type Command, Option } from 'commander'
import { define, FORMATS, publishImages, type Warning } from '../index.ts'
import { formatBytes } from '../units.ts'
import { restrictionOf, type SigningFlags, signingOf } from './build-spec.ts'
import { CACHE_DIR, CACHE_SHARED, CACHE_VERIFY, type CacheFlags, cacheOptionsOf, NO_CACHE } from './cache.ts'
import { type CompressionFlags, compressionOver } from './compression-flags.ts'
import { printJson, printLines, printWarnings } from './print.ts'
import { createProgressView } from './progress-view.ts'
import { shortPath } from './shell.ts'
import { abortOnSignals } from './signals.ts'
import { collectServers, collectVariables, publicUrl, somePath, wholeNumber } from './usage.ts'

interface PublishFlags extends SigningFlags, CacheFlags, CompressionFlags {
  out: string
  set?: Record<string, string>
  restrict?: string
  allowServer?: string[]
  versionName?: string
  url?: string
  keep?: number
  workers?: number
  json?: true
}

const EPILOGUE = `
The folder of --out has the newest images, and those of each version:
  https://example.org/NAME.tar.xz             the newest
  https://example.org/NAME_2026-11-25.tar.xz  one version
All names switch to a new version at once, when all images are complete. If the
images have not changed, no version is made. Give the same options each time:
the folder loses its signatures without a key, its .transfer files without
--url.

Example:
  nspawn-rootfs publish web.yaml db.yaml --out /srv/images --keep 7 \\
    --url https://example.org --sign-key keys/secret.asc

Topic: nspawn-rootfs help publishing`

/** Adds the arguments and options of the command `publish`, and what it does. */
export function definePublish(publish: Command): void {
  publish
    .argument('<FILE...>', 'declarations of images')
    .requiredOption('--out <DIR>', 'folder that a web server serves', somePath)
    .option('--set <NAME=VALUE>', 'value of a variable of the FILEs (repeatable)', collectVariables)
    .option('--restrict <DIR>', 'restrict the FILEs to files below DIR and to store paths', somePath)
    .option('--allow-server <URL>', 'with --restrict: allow caches on this server (repeatable)', collectServers)
    .option('--version-name <NAME>', 'name of the version (default: the date)')
    .option('--url <URL>', 'write a NAME.transfer per image for systemd-sysupdate; URL of the folder', publicUrl)
    .option('--keep <N>', 'number of versions to keep (default: all)', wholeNumber(1, 1e6))
    .addOption(new Option('--format <FORMAT>', 'format of the images (default: as declared)').choices(FORMATS))
    .option('--level <0-9>', 'compression level (default: as declared)', wholeNumber(0, 9))
    .option('--sign-key <FILE>', 'OpenPGP secret key to sign SHA256SUMS with', somePath)
    .option('--sign-gpg <KEY>', 'sign SHA256SUMS with gpg and its key KEY', somePath)
    .option('--passphrase-file <FILE>', 'file with the passphrase of --sign-key', somePath)
    .option('--workers <N>', 'threads (default: one per processor)', wholeNumber(1, 256))
    .addOption(NO_CACHE)
    .addOption(CACHE_DIR)
    .addOption(CACHE_SHARED)
    .addOption(CACHE_VERIFY)
    .option('--json', 'print the result as JSON')
    .addHelpText('after', EPILOGUE)
    .action(runPublish)
}

async function runPublish(files: readonly string[], flags: PublishFlags): Promise<void> {
  const { out, set, versionName: version, url, keep, workers, json } = flags
  const signing = signingOf(flags)
  const restrict = restrictionOf(flags)
  const caching = cacheOptionsOf(flags)
  const interrupt = abortOnSignals()
  const view = createProgressView(process.stderr)
  try {
    const specs = []
    for (const file of files) {
      const spec = await define(file, { set, restrict })
      specs.push({ ...spec, ...compressionOver(spec, flags, file) })
    }
    const shown = new Set<Warning>()
    const publication = await publishImages(specs, out, {
      ...{ version, url, keep, signing, workers },
      ...caching,
      signal: interrupt.signal,
      onProgress: view.show,
      onImage({ image, size, warnings }) {
        view.clear()
        // At once: the next build may fail.
        printWarnings(warnings)
        for (const warning of warnings) shown.add(warning)
        if (!json) printLines([`${image.slice(image.lastIndexOf('/') + 1)}: ${formatBytes(size)}`])
      },
    })
    printWarnings(publication.warnings.filter(warning => !shown.has(warning)))
    if (json) printJson(publication)
    else printLines(formatPublication(publication))
  } finally {
    view.clear()
    interrupt.dispose()
  }
}

function formatPublication(publication: Awaited<ReturnType<typeof publishImages>>): string[] {
  const { folder, version, isNew, isSigned, removed } = publication
  return [
    isNew
      ? `published as ${version} in ${shortPath(folder)}`
      : `the images have not changed since ${version}: no new version`,
    ...(isSigned ? [] : ['not signed: those who import have to say --verify=checksum']),
    ...(removed.length > 0 ? [`removed: ${removed.join(', ')}`] : []),
    `to try it: nspawn-rootfs serve ${shortPath(folder)}`,
  ]
}
