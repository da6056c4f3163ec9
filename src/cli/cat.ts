import type { Command } from 'commander'
import { addOpenOptions, IMAGE_EPILOGUE, type OpenFlags, openForUser, someImage } from './open-image.ts'
import { StdoutError, writeToStdout } from './stdout.ts'

/** Adds the arguments and options of the command `cat`, and what it does. */
export function defineCat(cat: Command): void {
  addOpenOptions(
    cat.argument('<IMAGE>', 'path or URL of an image', someImage).argument('<PATH...>', 'files in the image'),
  )
    .addHelpText('after', IMAGE_EPILOGUE)
    .action(printContents)
}

async function printContents(file: string, paths: readonly string[], flags: OpenFlags): Promise<void> {
  await using image = await openForUser(file, flags)
  try {
    for (const path of paths) for await (const piece of image.contents(path)) await writeToStdout(piece)
  } catch (error) {
    // A reader such as `head` has what it wanted.
    if (!(error instanceof StdoutError && error.code === 'STDOUT_CLOSED')) throw error
  }
}
