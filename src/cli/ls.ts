import { matchesGlob } from 'node:path'
import type { Command } from 'commander'
import { decodeText, type ImageMember, OpenError, type OpenedImage } from '../open/index.ts'
import { printableJson } from '../printable.ts'
import { createLongForm, shownPath } from './member-line.ts'
import { addOpenOptions, IMAGE_EPILOGUE, type OpenFlags, openForUser } from './open-image.ts'
import { printLines } from './print.ts'
import { somePath } from './usage.ts'

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
      .argument('<IMAGE>', 'path or URL of an image', somePath)
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
  const long = createLongForm()
  let count = 0
  for await (const member of choose(image, path, flags.recursive ?? false)) {
    if (flags.json) process.stdout.write(`${count === 0 ? '[' : ','}\n  ${printableJson(forPrograms(member))}`)
    else printLines([flags.long ? long(member) : shownPath(member)])
    count++
  }
  if (flags.json) process.stdout.write(count === 0 ? '[]\n' : '\n]\n')
  if (count === 0 && path.includes('*')) throw new OpenError('ENTRY_MISSING', file, `has nothing that fits ${path}`)
}

/** The entries to list. */
async function* choose(image: OpenedImage, path: string, isRecursive: boolean): AsyncGenerator<ImageMember> {
  const member = await image.member(path)
  if (member && member.type !== 'directory') yield member
  else if (member) yield* image.members({ below: path, depth: isRecursive ? Number.POSITIVE_INFINITY : 1 })
  else yield* fitting(image, path, isRecursive)
}

/** The entries that fit a pattern, and if that is wanted what is below them. */
async function* fitting(image: OpenedImage, pattern: string, isRecursive: boolean): AsyncGenerator<ImageMember> {
  const names = pattern.split('/').filter(name => name !== '')
  const first = names.findIndex(name => /[*?[{]/.test(name))
  if (first < 0) throw new OpenError('ENTRY_MISSING', 'the image', `has nothing at ${pattern}`)
  const below = names.slice(0, first).join('/')
  const clean = names.join('/')
  for await (const member of image.members({ below })) {
    const path = decodeText(member.path)
    const isBelow = isRecursive && matchesGlob(path, `${clean}/**`)
    if (isBelow || matchesGlob(path, clean)) yield member
  }
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
