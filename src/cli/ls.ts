import type { Command } from 'commander'
import { decodeText, type ImageMember, type OpenedImage } from '../open/index.ts'
import { printable, printableJson } from '../printable.ts'
import { createLongForm, shownPath } from './member-line.ts'
import { addOpenOptions, IMAGE_EPILOGUE, type OpenFlags, openForUser, someImage } from './open-image.ts'
import { findByPattern, nothingAt } from './pattern.ts'
import { printAll } from './print.ts'

interface ListFlags extends OpenFlags {
  long?: true
  recursive?: true
  json?: true
}

const EPILOGUE = `
If PATH is a directory, its entries are listed. In a pattern, * and ? stand for
characters of a name, and ** for any folders.

Examples:
  nspawn-rootfs ls images/web.tar.xz
  nspawn-rootfs ls -l images/web.tar.xz /etc
  nspawn-rootfs ls https://images.example.org/web.tar.xz '/nix/store/*-web'
${IMAGE_EPILOGUE}`

/** Adds the arguments and options of the command `ls`, and what it does. */
export function defineLs(ls: Command): void {
  addOpenOptions(
    ls
      .argument('<IMAGE>', 'path or URL of an image', someImage)
      .argument('[PATH]', 'file, directory or pattern in the image', '/')
      .option('-l, --long', 'show modes, owners, sizes and times, as tar -tv')
      .option('-R, --recursive', 'list directories with all that is below them')
      .option('--json', 'print the entries as JSON'),
  )
    .addHelpText('after', EPILOGUE)
    .action(list)
}

async function list(file: string, path: string, flags: ListFlags): Promise<void> {
  await using image = await openForUser(file, flags)
  const members = choose(image, path, flags.recursive ?? false)
  await printAll(flags.json ? asJson(members) : asText(members, flags.long ? createLongForm() : shownPath))

  /** The entries to list. */
  async function* choose(image: OpenedImage, path: string, isRecursive: boolean): AsyncGenerator<ImageMember> {
    // Looking for the root could mean reading the whole image once more.
    const isRoot = /^\/*$/.test(path)
    const member = isRoot ? undefined : await image.member(path)
    if (member && member.type !== 'directory') yield member
    else if (member || isRoot) yield* image.members({ below: path, depth: isRecursive ? Number.POSITIVE_INFINITY : 1 })
    else {
      let isFound = false
      for await (const fitting of findByPattern(image, path, isRecursive)) {
        isFound = true
        yield fitting
      }
      if (!isFound) throw nothingAt(file, path)
    }
  }
}

async function* asText(members: AsyncIterable<ImageMember>, format: (member: ImageMember) => string) {
  for await (const member of members) yield printable(format(member))
}

async function* asJson(members: AsyncIterable<ImageMember>) {
  let before = '['
  for await (const member of members) {
    yield before
    before = `  ${printableJson(forPrograms(member))},`
  }
  yield before === '[' ? before : before.slice(0, -1)
  yield ']'
}

function forPrograms(member: ImageMember) {
  const { path, target, headerOffset: _, contentsOffset, ...rest } = member
  return {
    path: `/${decodeText(path)}`,
    ...rest,
    ...(target !== undefined && { target: decodeText(target) }),
    tarOffset: contentsOffset,
  }
}
