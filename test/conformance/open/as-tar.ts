/** What GNU tar makes of an archive, to hold against what the library makes of it. */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createLongForm } from '../../../src/cli/member-line.ts'
import { decodeText, extract, type ImageMember, openImage } from '../../../src/open/index.ts'

const ENV = { ...process.env, LC_ALL: 'C.UTF-8' }
const OUTPUT_MAX = 2 ** 28

/** The lines of `tar -tv`. Labels are no files. */
export function listByTar(image: string): string[] {
  const args = ['--numeric-owner', '-tvf', image]
  const text = execFileSync('tar', args, { env: ENV, maxBuffer: OUTPUT_MAX, stdio: 'pipe' }).toString()
  return linesOf(text).filter(line => !line.startsWith('V'))
}

/** The lines of `ls -lR`. */
export async function listByUs(image: string): Promise<string[]> {
  await using opened = await openImage(image)
  const format = createLongForm()
  const lines: string[] = []
  for await (const member of opened.members()) lines.push(format(member))
  return linesOf(lines.join('\n'))
}

/** Without `./` or `/` in front of paths, and without how wide a column is. */
function linesOf(text: string): string[] {
  const lines = text.split('\n').filter(line => line !== '')
  return lines.map(line => line.replace(/ +/g, ' ').replace(/(?<=:\d\d |link to )(?:\.\/|\/)(?=.)/g, ''))
}

/** Two folders of the same files, and the paths that the library left out of the second. */
export interface ExtractedTwice {
  readonly theirs: string
  readonly ours: string
  readonly leftOut: readonly string[]
}

/** Extracts an archive, or some paths of it, with tar and with the library. Devices and pipes are left out. */
export async function extractTwice(
  image: string,
  folder: string,
  paths: readonly string[] = [],
): Promise<ExtractedTwice> {
  const [theirs, ours] = [join(folder, 'theirs'), join(folder, 'ours')]
  mkdirSync(theirs)
  const options = ['--no-same-owner', '--no-same-permissions', '--delay-directory-restore']
  execFileSync('tar', ['-C', theirs, ...options, '-xf', image, ...paths], {
    env: ENV,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  await using opened = await openImage(image)
  const { leftOut } = await extract(opened, { to: ours, paths })
  return { theirs, ours, leftOut: leftOut.map(({ path }) => path) }
}

/** How the contents of two folders differ, in the words of `diff -r` and of `find`: not at all, if it is empty. */
export function compareFolders({ theirs, ours, leftOut }: ExtractedTwice): string {
  for (const path of leftOut) execFileSync('rm', [join(theirs, path)])
  const { stdout } = spawnSync('diff', ['-r', '--no-dereference', theirs, ours], { env: ENV, maxBuffer: OUTPUT_MAX })
  const [expected, found] = [theirs, ours].map(describeTree)
  const missing = (lines: readonly string[], among: readonly string[]) => {
    const known = new Set(among)
    return lines.filter(line => !known.has(line))
  }
  return stdout.toString() + [...missing(expected!, found!), ...missing(found!, expected!)].join('\n')
}

/** Types, modes, links and times of all in a folder; of directories, no times. */
function describeTree(folder: string): string[] {
  const format = ['(', '-type', 'd', '-printf', '%P %M\\n', ')', '-o', '-printf', '%P %M %n %l %Ts %s\\n']
  const args = [folder, '-mindepth', '1', ...format]
  return execFileSync('find', args, { env: ENV, maxBuffer: OUTPUT_MAX }).toString('latin1').split('\n')
}

/** The paths of files whose contents, as the library reads them one by one, are others than in a folder: of all, or below `below`. */
export async function otherContents(image: string, folder: string, below = '/'): Promise<string[]> {
  await using opened = await openImage(image)
  const files: ImageMember[] = []
  for await (const member of opened.members({ below })) if (member.type === 'file') files.push(member)
  const other: string[] = []
  for (const file of files) {
    const pieces: Uint8Array[] = []
    for await (const piece of opened.contents(file)) pieces.push(piece)
    const path = join(folder, decodeText(file.path))
    if (!existsSync(path) || !readFileSync(path).equals(Buffer.concat(pieces))) other.push(path)
  }
  return other
}
