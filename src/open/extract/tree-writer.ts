/** Writes the entries of an image into a folder. */
import {
  closeSync,
  constants,
  ftruncateSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  openSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { type ByteString, encodeByteString } from '../../bytes/index.ts'
import { withDescriptorSync } from '../../descriptors.ts'
import { normalizePath } from '../../untar/index.ts'
import type { FilePart } from '../member-contents.ts'
import type { ImageMember } from '../members.ts'
import { type Attributes, type Folders, openFolders, setAttributes, timeOf, unsafe } from './folders.ts'

/** Who owns what is written, and may do what with it. */
export interface TreeWriterOptions {
  /** Whether owners are set, and with them the bits that let others run a program as its owner. */
  readonly sameOwner: boolean
  /** Permission bits that nothing gets. */
  readonly umask: number
}

/** Writes entries. Of two with one path, the later counts. Throws `ExtractError`, and errors of the system. */
export interface TreeWriter extends Pick<Folders, 'leave' | 'finish' | 'close'> {
  directory(member: ImageMember): void
  symlink(member: ImageMember): void
  /** Makes the hard link `path`; whether its file is there. */
  link(path: ByteString, target: ByteString): boolean
  /** Writes a file; `path` if it bears another name here. */
  file(member: ImageMember, parts: AsyncIterable<FilePart>, path?: ByteString): Promise<void>
}

const PERMISSIONS = 0o777
const PERMISSIONS_AND_SPECIAL = 0o7777

/** A symlink in the place is not followed, as the file must be new. */
const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL

/** Writes into the folder `tree`, which is there. */
export function createTreeWriter(tree: string, { sameOwner, umask }: TreeWriterOptions): TreeWriter {
  const folders = openFolders(tree, { mode: PERMISSIONS & ~umask })
  const attributesOf = ({ mode, mtime, uid, gid }: ImageMember): Attributes =>
    sameOwner
      ? { mode: mode & PERMISSIONS_AND_SPECIAL, mtime, owner: { uid, gid } }
      : { mode: mode & PERMISSIONS & ~umask, mtime }

  /** Makes something that must not be there, in place of what is. */
  function replace<T>(path: ByteString, make: (place: Buffer) => T): T {
    if (path === '') throw unsafe(path, 'is the root, and no directory')
    const place = folders.placeOf(path)
    try {
      return make(place)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    if (lstatSync(place).isDirectory()) throw unsafe(path, 'is a directory, and something else later on')
    unlinkSync(place)
    return make(place)
  }

  return {
    ...folders,
    directory: member => folders.make(member.path, attributesOf(member)),
    symlink({ path, target, mtime, uid, gid }) {
      if (target === undefined || target === '' || target.includes('\0')) throw unsafe(path, 'is a symlink to nothing')
      replace(path, place => {
        symlinkSync(Buffer.from(encodeByteString(target)), place)
        if (sameOwner) lchownSync(place, uid, gid)
        lutimesSync(place, timeOf(mtime), timeOf(mtime))
      })
    },
    link(path, target) {
      const file = normalizePath(target)
      const held = file === '' ? undefined : folders.hold(file)
      if (held === undefined) return false
      try {
        const found = lstatSync(held.place, { throwIfNoEntry: false })
        if (found?.isDirectory()) throw unsafe(path, 'is a hard link to a directory')
        if (found && file !== path) replace(path, place => linkSync(held.place, place))
        return found !== undefined
      } finally {
        held.close()
      }
    },
    async file(member, parts, path = member.path) {
      const fd = replace(path, place => withDescriptorSync(() => openSync(place, NEW_FILE, 0o600)))
      try {
        for await (const { offset, bytes } of parts) writeAll(fd, bytes, offset)
        if (member.isSparse) ftruncateSync(fd, member.size)
        setAttributes(fd, attributesOf(member))
      } finally {
        closeSync(fd)
      }
    },
  }
}

function writeAll(fd: number, bytes: Uint8Array, offset: number): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, offset + at)
}
