import { join } from 'node:path'
import { resolvePath, someText } from '../arguments.ts'
import { readIfThere } from '../disk/index.ts'
import { CHECKSUMS_FILE, imageNameOf, isImageFile, SIGNATURE_FILES, settingsFileOf, urlNameOf } from '../image-files.ts'
import { importedLinesOf } from '../manifest/index.ts'
import { shellWord } from '../shell-word.ts'
import { machineNameOf } from '../systemd/index.ts'
import { findFolder, findIn } from './find.ts'
import { namesIn } from './listing.ts'

/**
 * The command that pulls each image in a folder that is served at `url`, with as much verification as there is: by the signature
 * of the checksums, by checksums that list the image, or none. Of the versions of an image, the newest alone. Rejects with
 * `ServeError` FOLDER_MISSING.
 */
export async function pullLines(url: string, folder: string | URL): Promise<string[]> {
  someText(url, 'url')
  const root = await findFolder(resolvePath(folder, 'folder'))
  const checksums = (await readIfThere(join(root, CHECKSUMS_FILE)).catch(() => undefined))?.toString('latin1') ?? ''
  const names = await namesIn(root)
  const versioned = await versionedPrefixes(root, names)
  const lines: string[] = []
  for (const file of names) {
    if (!isImageFile(file) || !(await isFile(root, file))) continue
    if (versioned.some(prefix => file.startsWith(prefix))) continue
    const name = imageNameOf(file)
    // pull-tar fetches the settings, too, and wants to verify both.
    const pulled = [file, settingsFileOf(name)].filter(pulled => names.includes(pulled))
    const isListed = pulled.every(pulled => lists(checksums, pulled))
    const verify = !isListed ? 'no' : names.includes(SIGNATURE_FILES.binary) ? 'signature' : 'checksum'
    const address = `${url}/${urlNameOf(file)}`
    const words = ['machinectl', 'pull-tar', `--verify=${verify}`, address, machineNameOf(name)]
    lines.push(words.map(shellWord).join(' '))
  }
  return lines
}

/** How the versions of images begin that have a name which leads to the newest, as `publishImages` makes them. */
async function versionedPrefixes(root: string, names: readonly string[]): Promise<string[]> {
  const prefixes: string[] = []
  for (const file of names.filter(isImageFile)) {
    const prefix = `${imageNameOf(file)}_`
    const found = await findIn(root, file)
    if (found?.path.startsWith(prefix)) prefixes.push(prefix)
  }
  return prefixes
}

/** Whether checksums have a line that every systemd finds: with the newline behind it. */
function lists(checksums: string, file: string): boolean {
  const lines = importedLinesOf(checksums.slice(0, checksums.lastIndexOf('\n') + 1), file)
  return lines.some(({ sum, separator }) => sum === sum.toLowerCase() && separator.length === 2)
}

async function isFile(root: string, file: string): Promise<boolean> {
  const found = await findIn(root, file)
  return found !== undefined && !found.isFolder
}
