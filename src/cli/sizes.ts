import type { Command } from 'commander'
import { explainPath, measureImage, sizesPage } from '../report/index.ts'
import { addOpenOptions, IMAGE_EPILOGUE, type OpenFlags, openForUser, someImage } from './open-image.ts'
import { pageTitle } from './page-title.ts'
import { print, printJson, printLines } from './print.ts'
import { reasonLines, tableLines } from './sizes-view.ts'
import { pathOrStdout, someText } from './usage.ts'
import { checkPageTarget, writePage } from './write-files.ts'

interface SizesFlags extends OpenFlags {
  all?: true
  why?: string
  html?: string
  json?: true
}

const EPILOGUE = `
In file: the share of the compressed file; a block with several store paths is
split by their bytes of tar. Closure: all that a path reaches by references.
Added: all that would leave the image with it. Both are in bytes of NAR.

Examples:
  nspawn-rootfs sizes images/web.tar.xz
  nspawn-rootfs sizes https://images.example.org/web.tar.xz --why perl
  nspawn-rootfs sizes images/web.tar.xz --html sizes.html
${IMAGE_EPILOGUE}`

/** Adds the arguments and options of the command `sizes`, and what it does. */
export function defineSizes(sizes: Command): void {
  addOpenOptions(
    sizes
      .argument('<IMAGE>', 'path or URL of an image', someImage)
      .option('--all', 'show all store paths, not only the 20 largest')
      .option('--why <PATH>', 'show what keeps a store path in the image: its path, hash or name', someText)
      .option(
        '--html <FILE>',
        'write a page for browsers that shows the sizes; makes folders; - is standard output',
        pathOrStdout,
      )
      .option('--json', 'print all sizes as JSON'),
  )
    .addHelpText('after', EPILOGUE)
    .action(showSizes)
}

async function showSizes(file: string, flags: SizesFlags): Promise<void> {
  checkPageTarget(flags.html, { '--why': flags.why, '--json': flags.json })
  await using image = await openForUser(file, flags, { isOfManifest: true })
  const sizes = await measureImage(image)
  const page = flags.html
  const isFile = page !== undefined && (await writePage(page, sizesPage(sizes, { title: pageTitle(file) })))
  if (flags.why !== undefined) {
    const reason = explainPath(sizes, flags.why)
    if (flags.json) printJson(reason, process.stdout, 2)
    else printLines(reasonLines(reason, flags.all ?? false))
  } else if (flags.json) printJson(sizes, process.stdout, 2)
  else if (isFile) print(page)
  else if (page === undefined) printLines(tableLines(sizes, flags.all ?? false))
}
