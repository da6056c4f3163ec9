import { type Command, Option } from 'commander'
import { define, FORMATS, type ImageFormat, publishImages } from '../index.ts'
import { restrictionOf, type SigningFlags, signingOf } from './build-spec.ts'
import { CACHE_DIR, CACHE_SHARED, CACHE_VERIFY, type CacheFlags, cacheOptionsOf, NO_CACHE } from './cache.ts'
import { print, printJson, printLines, printWarnings } from './print.ts'
import { createProgressView } from './progress-view.ts'
import { shortPath } from './shell.ts'
import { abortOnSignals } from './signals.ts'
import { formatBytes } from './units.ts'
import { collectServers, collectVariables, somePath, wholeNumber } from './usage.ts'

interface PublishFlags extends SigningFlags, CacheFlags {
  out: string
  set?: Record<string, string>
  restrict?: string
  allowServer?: string[]
  versionName?: string
  keep?: number
  format?: ImageFormat
  level?: number
  workers?: number
  json?: true
}

const EPILOGUE = `
DIR gets a folder for each version, a symlink "latest" to the newest, and for each file a symlink that keeps its name:
  https://example.org/NAME.tar.xz             the newest
  https://example.org/2026-11-25/NAME.tar.xz  one of them
All of them are turned over at once, when all images are there. Where nothing has changed, nothing is published.

Example:
  nspawn-rootfs publish web.yaml db.yaml --out /srv/images --keep 7 --sign-key keys/secret.asc`

/** Adds the arguments and options of the command `publish`, and what it does. */
export function definePublish(publish: Command): void {
  publish
    .argument('<FILE...>', 'declarations of images')
    .requiredOption('--out <DIR>', 'folder that a web server serves', somePath)
    .option('--set <NAME=VALUE>', 'value of a variable of the FILEs (repeatable)', collectVariables)
    .option(
      '--restrict <DIR>',
      'let the FILEs name only files below DIR, store paths, and servers named by options',
      somePath,
    )
    .option(
      '--allow-server <URL>',
      'server of caches that the FILEs may name despite --restrict (repeatable)',
      collectServers,
    )
    .option('--version-name <NAME>', 'name of the version (default: the date)')
    .option('--keep <N>', 'how many versions to keep (default: all)', wholeNumber(1, 1e6))
    .addOption(new Option('--format <FORMAT>', 'format of the images (default: what the FILEs say)').choices(FORMATS))
    .option('--level <0-9>', 'how hard to compress (default: what the FILEs say)', wholeNumber(0, 9))
    .option('--sign-key <FILE>', 'OpenPGP secret key that signs SHA256SUMS', somePath)
    .option('--sign-gpg <KEY>', 'key of gpg that signs SHA256SUMS', somePath)
    .option('--passphrase-file <FILE>', 'holds the passphrase of the --sign-key', somePath)
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
  const { out, set, versionName: version, keep, format, level, workers, json } = flags
  const signing = signingOf(flags)
  const restrict = restrictionOf(flags)
  const caching = cacheOptionsOf(flags)
  const interrupt = abortOnSignals()
  const view = createProgressView(process.stderr)
  try {
    const specs = []
    for (const file of files) {
      const spec = await define(file, { set, restrict })
      specs.push({ ...spec, format: format ?? spec.format, level: level ?? spec.level })
    }
    const publication = await publishImages(specs, out, {
      ...{ version, keep, signing, workers },
      ...caching,
      signal: interrupt.signal,
      onProgress: view.show,
      onImage({ image, size, warnings }) {
        view.clear()
        printWarnings(warnings)
        if (!json) print(`${image.slice(image.lastIndexOf('/') + 1)}: ${formatBytes(size)}`)
      },
    })
    printWarnings(publication.warnings)
    if (json) printJson(publication)
    else printLines(formatPublication(publication))
  } finally {
    view.clear()
    interrupt.dispose()
  }
}

function formatPublication(publication: Awaited<ReturnType<typeof publishImages>>): string[] {
  const { folder, version, isNew, previous, isSigned, removed } = publication
  const unchanged =
    previous === version ? `nothing has changed since ${version}` : `back to ${version}, which is the same`
  return [
    isNew ? `published as ${version} in ${shortPath(folder)}` : unchanged,
    ...(isSigned ? [] : ['not signed: those who import have to say --verify=checksum']),
    ...(removed.length > 0 ? [`removed: ${removed.join(', ')}`] : []),
    `to try it: nspawn-rootfs serve ${shortPath(folder)}`,
  ]
}
