/**
 * The `/etc` of two NixOS systems: a tree of symlinks into the store, units of systemd among it. Both are gone through side by
 * side, and what leads to the same store path in both is not looked at.
 */
import { encodeText } from '../../bytes/index.ts'
import { decodeText, type ImageMember, type OpenedImage, type StoredPath } from '../../open/index.ts'
import { comparePaths } from '../../tree/index.ts'
import { changeOf } from './changes.ts'
import { createContentsReader, type ReadContents } from './file-contents.ts'
import { CHANGES_MAX } from './files.ts'
import type { FileChange, FileChanges, FileState } from './image-diff.ts'
import { TEXT_MAX } from './text-diff.ts'

/** Directories in each other, and entries, that are looked at: links may lead around in a circle. */
const DEPTH_MAX = 16
const ENTRIES_MAX = 20_000

/** A system in an image. */
export interface ImageSystem {
  readonly image: OpenedImage
  readonly toplevel: string
  readonly storePaths: readonly StoredPath[]
}

/** Compares the configuration of two systems. */
export async function diffConfiguration(before: ImageSystem, after: ImageSystem): Promise<FileChanges> {
  const changes: FileChange[] = []
  const isSame = sameStorePaths(before.storePaths, after.storePaths)
  const old = openSide(before.image)
  const now = openSide(after.image)
  let omitted = 0
  let left = ENTRIES_MAX

  /** Compares what two entries lead to. One of them may be missing. */
  async function compare(path: string, oldEntry?: ImageMember, newEntry?: ImageMember, depth = 0): Promise<void> {
    if (left-- <= 0) {
      omitted++
      return
    }
    const target = oldEntry?.target
    // To follow a link reads the store path that it leads into.
    if (target?.startsWith('/') && target === newEntry?.target && isSame(target.slice(1))) return
    const oldEnd = await old.follow(oldEntry)
    const newEnd = await now.follow(newEntry)
    if (oldEnd && oldEnd.path === newEnd?.path && isSame(oldEnd.path)) return
    if (depth < DEPTH_MAX && (isDirectory(oldEnd) || isDirectory(newEnd))) {
      const oldEntries = await old.list(oldEnd)
      const newEntries = await now.list(newEnd)
      for (const name of new Set([...oldEntries.keys(), ...newEntries.keys()])) {
        await compare(`${path}/${name}`, oldEntries.get(name), newEntries.get(name), depth + 1)
      }
    }
    const isAsLong = oldEnd?.size === newEnd?.size
    const oldContents = await old.read(oldEnd, isAsLong)
    const newContents = await now.read(newEnd, isAsLong)
    const change = changeOf({
      path,
      old: stateOf(oldEnd),
      new: stateOf(newEnd),
      haveOtherContents: isAsLong && haveOtherDigests(oldContents, newContents),
      oldText: oldContents?.text,
      newText: newContents?.text,
    })
    if (change === undefined) return
    if (changes.length >= CHANGES_MAX) omitted++
    else {
      changes.push(change)
      old.keep(oldContents)
      now.keep(newContents)
    }
  }

  await compare('/etc', await old.etc(before.toplevel), await now.etc(after.toplevel))
  changes.sort((a, b) => comparePaths(encodeText(a.path), encodeText(b.path)))
  return { changes, omitted }
}

function openSide(image: OpenedImage) {
  const reader = createContentsReader()
  return {
    etc: (toplevel: string) => image.member(`${toplevel}/etc`, { follow: false }),
    /**
     * The end of an absolute link, or the link if nothing is there. A relative link is taken as it is: in `/etc`, it leads to
     * a file of `/etc`, which is looked at itself.
     */
    async follow(entry: ImageMember | undefined): Promise<ImageMember | undefined> {
      if (entry?.type !== 'symlink' || !entry.target?.startsWith('/')) return entry
      return (await image.member(`/${decodeText(entry.path)}`)) ?? entry
    },
    /** The entries of a directory by their names. */
    async list(directory: ImageMember | undefined): Promise<Map<string, ImageMember>> {
      const entries = new Map<string, ImageMember>()
      if (directory?.type !== 'directory') return entries
      for await (const entry of image.members({ below: `/${decodeText(directory.path)}`, depth: 1 })) {
        entries.set(decodeText(entry.path.slice(directory.path.length + 1)), entry)
      }
      return entries
    },
    /** Counts a text that is shown: when there are too many, others are read as if they were large. */
    keep(contents: ReadContents | undefined): void {
      if (contents) reader.keep(contents.text)
    },
    /** The contents of a file; of a large one if its digest is needed. */
    async read(member: ImageMember | undefined, isDigestNeeded: boolean): Promise<ReadContents | undefined> {
      if (member?.type !== 'file' || member.size === 0 || member.isSparse) return undefined
      const isReadable = member.size <= TEXT_MAX
      return isReadable || isDigestNeeded ? reader.read(image.contents(member), member.size, isReadable) : undefined
    },
  }
}

function haveOtherDigests(a: ReadContents | undefined, b: ReadContents | undefined): boolean {
  return a !== undefined && b !== undefined && Buffer.compare(a.digest, b.digest) !== 0
}

/** Directories are shown by what is in them. */
function stateOf(end: ImageMember | undefined): FileState | undefined {
  if (end === undefined || isDirectory(end)) return undefined
  const { type, mode, uid, gid, size, target } = end
  return { type, mode, uid, gid, size, ...(target !== undefined && { target: decodeText(target) }) }
}

function isDirectory(end: ImageMember | undefined): boolean {
  return end?.type === 'directory'
}

/** Tells whether a path without `/` in front lies in a store path that both images have. */
function sameStorePaths(before: readonly StoredPath[], after: readonly StoredPath[]): (path: string) => boolean {
  const hashes = new Map(before.map(({ path, narHash }) => [path, narHash]))
  const same = new Set(after.filter(({ path, narHash }) => hashes.get(path) === narHash).map(({ path }) => path))
  return path => same.has(`/${path.split('/', 3).join('/')}`)
}
