/** Options and steps that the commands share which look into an image. */
import { type Command, InvalidArgumentError } from 'commander'
import { type OpenedImage, openImage } from '../open/index.ts'
import { printLines } from './print.ts'
import { pathOrUrl, somePath } from './usage.ts'
import { keepYoungMemorySmall } from './young-memory.ts'

/** Options of all of them. */
export interface OpenFlags {
  manifest?: string | false
  netrcFile?: string
  tokenFile?: string
}

/** Explains IMAGE at the end of a help. */
export const IMAGE_EPILOGUE = `
IMAGE is a path or a URL of a tar archive, plain or compressed with xz, zstd,
gzip or bzip2, of any tool. With the manifest that a build writes beside it,
only the parts that you ask for are read.

Topic: nspawn-rootfs help looking`

/** Takes the path or URL of an image. */
export function someImage(text: string): string {
  if (text === '-') throw new InvalidArgumentError('only check reads standard input; give a path or URL')
  return pathOrUrl(text)
}

/** Adds these options. */
export function addOpenOptions(command: Command): Command {
  return command
    .option('--manifest <FILE|URL>', 'manifest of the image (default: the one beside it)', pathOrUrl)
    .option('--no-manifest', 'do without the manifest')
    .option('--netrc-file <FILE>', 'netrc file with a user name and password for the server', somePath)
    .option('--token-file <FILE>', 'file with a bearer token for the server', somePath)
}

interface Opening {
  readonly signal?: AbortSignal
  /** Whether a manifest says all that the command asks for. Default: no. */
  readonly isOfManifest?: boolean
}

/** Opens an image, and says if it has to be read from its beginning. */
export async function openForUser(
  image: string,
  flags: OpenFlags,
  { signal, isOfManifest = false }: Opening = {},
): Promise<OpenedImage> {
  keepYoungMemorySmall()
  const { manifest, netrcFile, tokenFile } = flags
  const opened = await openImage(image, { manifest, netrcFile, tokenFile, signal })
  const isRead = !(isOfManifest && opened.manifest)
  if (isRead && !opened.isSeekable)
    printLines([`${image}: cannot seek, so it is read from its beginning`], process.stderr)
  return opened
}
