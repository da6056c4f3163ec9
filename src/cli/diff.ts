import type { Command } from 'commander'
import { COMPANION_MAX, settingsFileOf } from '../image-files.ts'
import { readCompanion } from '../image-source/index.ts'
import { type DiffOptions, diffImages, diffPage, formatDiffMarkdown } from '../report/index.ts'
import { diffLines } from './diff-view.ts'
import { describeFailure } from './failure.ts'
import { type OpenFlags, openForUser, someImage } from './open-image.ts'
import { pageTitles } from './page-title.ts'
import { print, printJson, printLines } from './print.ts'
import { pathOrStdout, somePath, UsageError } from './usage.ts'
import { checkPageTarget, writePage } from './write-files.ts'

interface DiffFlags extends Omit<OpenFlags, 'manifest'> {
  manifest: boolean
  json?: true
  markdown?: true
  html?: string
}

const EPILOGUE = `
OLD and NEW are paths or URLs of tar archives, plain or compressed with xz,
zstd, gzip or bzip2, whoever made them. If both have the manifest that a build
writes beside them, store paths that are the same are not read. Without a Nix
store, only files are compared. The settings NAME.nspawn beside them are, too.

Packages are grouped as "nix store diff-closures" does it. The times of files
are not compared.

Exit codes: 0 nothing differs, 1 something does, 2 failed, or wrong usage.

Examples, the first for a pull request:
  nspawn-rootfs diff --markdown main/web.tar.xz images/web.tar.xz
  nspawn-rootfs diff --html diff.html main/web.tar.xz images/web.tar.xz

Topic: nspawn-rootfs help looking`

/** Adds the arguments and options of the command `diff`, and what it does. */
export function defineDiff(diff: Command): void {
  diff
    .argument('<OLD>', 'path or URL of an image', someImage)
    .argument('<NEW>', 'path or URL of the image that is compared with it', someImage)
    .option('--json', 'print the differences as JSON')
    .option('--markdown', 'print them as Markdown, for a pull request')
    .option(
      '--html <FILE>',
      'write a page for browsers that shows them; makes folders; - is standard output',
      pathOrStdout,
    )
    .option('--no-manifest', 'do without the manifests')
    .option('--netrc-file <FILE>', 'netrc file with user names and passwords for the servers', somePath)
    .option('--token-file <FILE>', 'file with a bearer token for the servers', somePath)
    .addHelpText('after', EPILOGUE)
    .action(compare)
}

async function compare(old: string, after: string, flags: DiffFlags): Promise<void> {
  // Commander sets it to true.
  const open = { ...flags, manifest: flags.manifest ? undefined : (false as const) }
  try {
    if (flags.json && flags.markdown) throw new UsageError('--json and --markdown: give one of them')
    checkPageTarget(flags.html, { '--json': flags.json, '--markdown': flags.markdown })
    await using before = await openForUser(old, open)
    await using image = await openForUser(after, open)
    const diff = await diffImages(before, image, await settingsOf(old, after, open))
    const page = flags.html
    const isFile = page !== undefined && (await writePage(page, diffPage(diff, pageTitles(old, after))))
    if (flags.json) printJson(diff)
    else if (flags.markdown) print(formatDiffMarkdown(diff).trimEnd())
    else if (isFile) print(page)
    else if (page === undefined) printLines(diffLines(diff))
    process.exitCode = diff.isSame ? 0 : 1
  } catch (error) {
    // 1 stands for images that differ.
    print(`nspawn-rootfs: ${describeFailure(error)}`, process.stderr)
    process.exitCode = 2
  }
}

/** The settings files beside two images, if both have one. */
async function settingsOf(old: string, after: string, { netrcFile, tokenFile }: OpenFlags): Promise<DiffOptions> {
  const options = { netrcFile, tokenFile, limit: COMPANION_MAX }
  const read = (image: string) => readCompanion(image, settingsFileOf, options)
  const [oldSettings, newSettings] = await Promise.all([old, after].map(read))
  if (oldSettings === undefined || newSettings === undefined) return {}
  return { oldSettings: decode(oldSettings), newSettings: decode(newSettings) }
}

function decode(settings: Uint8Array): string {
  return new TextDecoder().decode(settings)
}
