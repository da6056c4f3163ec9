import type { Command } from 'commander'
import { type ExtractResult, extract } from '../open/index.ts'
import { formatBytes } from '../units.ts'
import { addOpenOptions, IMAGE_EPILOGUE, type OpenFlags, openForUser, someImage } from './open-image.ts'
import { expandPatterns } from './pattern.ts'
import { printJson, printLines } from './print.ts'
import { createProgressView } from './progress-view.ts'
import { shortPath } from './shell.ts'
import { abortOnSignals } from './signals.ts'
import { somePath } from './usage.ts'

interface ExtractFlags extends OpenFlags {
  to: string
  sameOwner?: true
  json?: true
}

/** Entries that are named as left out; --json lists more. */
const NAMED_MAX = 10

const EPILOGUE = `
Nothing is written outside of DIR, and nothing in it is replaced. Files belong
to whoever runs this, and modes are subject to the umask. Devices and pipes are
not made. If it fails or is interrupted, DIR is as it was. In a pattern, * and ?
stand for characters of a name, and ** for any folders.

Examples:
  nspawn-rootfs extract images/web.tar.xz --to web
  nspawn-rootfs extract images/web.tar.xz /etc /nix/var --to web
  nspawn-rootfs extract images/web.tar.xz '/nix/store/*-etc' --to web
${IMAGE_EPILOGUE}`

/** Adds the arguments and options of the command `extract`, and what it does. */
export function defineExtract(command: Command): void {
  addOpenOptions(
    command
      .argument('<IMAGE>', 'path or URL of an image', someImage)
      .argument('[PATH...]', 'files, directories and patterns in the image (default: all)')
      .requiredOption('--to <DIR>', 'folder to extract to, new or empty', somePath)
      .option('--same-owner', 'set owners, set-user-ID bits and the like (root only)')
      .option('--json', 'print the result as JSON'),
  )
    .addHelpText('after', EPILOGUE)
    .action(extractImage)
}

async function extractImage(file: string, paths: readonly string[], flags: ExtractFlags): Promise<void> {
  const interrupt = abortOnSignals()
  const { signal } = interrupt
  const view = createProgressView(process.stderr)
  try {
    await using image = await openForUser(file, flags, { signal })
    const { tarSize } = image
    const isWhole = paths.length === 0 && tarSize !== undefined
    const result = await extract(image, {
      to: flags.to,
      paths: await expandPatterns(image, file, paths),
      sameOwner: flags.sameOwner ?? false,
      signal,
      ...(isWhole && {
        onProgress: ({ path, tarOffset }) => view.show({ path, bytesDone: tarOffset, bytesTotal: tarSize }),
      }),
    })
    view.clear()
    if (flags.json) printJson(result)
    else printLines(summaryOf(result))
  } finally {
    view.clear()
    interrupt.dispose()
  }
}

function summaryOf({ to, entries, bytes, leftOut, leftOutCount, withoutAttributes }: ExtractResult): string[] {
  const named = leftOut.slice(0, NAMED_MAX)
  return [
    `${entries} entries, ${formatBytes(bytes)}, in ${shortPath(to)}`,
    ...named.map(({ path, type }) => `left out: ${path}, a ${type}`),
    ...(leftOutCount > named.length ? [`left out: ${leftOutCount - named.length} more of these`] : []),
    ...(withoutAttributes > 0 ? [`left out: extended attributes of ${withoutAttributes} entries`] : []),
  ]
}
