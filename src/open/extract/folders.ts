/**
 * The folders of a tree that is being written. Each is opened in the one above it, and no symlink is followed (openat(2) with
 * O_NOFOLLOW, by way of /proc/self/fd): whatever an image has put there before, nothing is written outside of the tree.
 *
 * An image may have folders that are read-only, and times that are older than what is written into them. So while a folder is
 * open it belongs to its owner alone; it gets its mode and times when it is left, and again if something comes later.
 */
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  futimesSync,
  lstatSync,
  mkdirSync,
  openSync,
  statSync,
  unlinkSync,
} from 'node:fs'
import { type ByteString, decodeText, EMPTY, encodeByteString, joinPath } from '../../bytes/index.ts'
import { withDescriptorSync } from '../../descriptors.ts'
import { ExtractError } from './errors.ts'

/** What a file or folder gets in the end. */
export interface Attributes {
  readonly mode: number
  /** Seconds since 1970; absent: now. */
  readonly mtime?: number
  /** Absent: whoever runs this. */
  readonly owner?: { readonly uid: number; readonly gid: number }
}

/** The folders of a tree. All calls throw `ExtractError`, and errors of the system. */
export interface Folders {
  /** The path for system calls of a path in the tree, without `/` in front; the folders above it are made. */
  placeOf(path: ByteString): Buffer
  /** The same, if the folders above it are there. It leads there until it is closed, whatever is asked for meanwhile. */
  hold(path: ByteString): { readonly place: Buffer; close(): void } | undefined
  /** Makes a folder, if it is not there, in place of anything else, and says what it gets in the end. */
  make(path: ByteString, attributes: Attributes): void
  /** Leaves all folders but the tree itself. */
  leave(): void
  /** Gives the tree what it gets in the end: before, it could not be renamed. */
  finish(): void
  close(): void
}

/** Names in a path: as many folders are held open. Real trees have a third of that. */
const DEPTH_MAX = 128

const OPEN_FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW

/** Of a folder that is being written. */
const PRIVATE = 0o700

interface OpenFolder {
  readonly path: ByteString
  readonly fd: number
  /** Leads into it, for system calls. */
  readonly inside: Buffer
  attributes: Attributes
}

/** Opens a tree, a folder that is there; a folder without an entry gets `implied`. */
export function openFolders(tree: string, implied: Attributes): Folders {
  /** The folders on the way to the one that was written into last. */
  const open: OpenFolder[] = [openFolder(EMPTY, Buffer.from(tree), implied)]
  const top = () => open[open.length - 1]

  function leaveTop(): void {
    const { fd, attributes } = open.pop()!
    try {
      setAttributes(fd, attributes)
    } finally {
      closeSync(fd)
    }
  }

  /** Goes into a folder, and makes those that are missing if `isMade`; whether it is there. */
  function enter(path: ByteString, isMade: boolean): boolean {
    while (!isIn(path, top().path)) leaveTop()
    const names = path.slice(top().path.length).split('/')
    for (const name of names) {
      if (name === '') continue
      const above = top()
      const place = placeIn(above, name)
      const at = above.path === EMPTY ? name : joinPath(above.path, name)
      const isNew = isMade && makeFolder(place)
      if (!isNew && !isMade && isMissing(place)) return false
      open.push(openExisting(at, place, isNew ? implied : undefined))
    }
    return true
  }

  function split(path: ByteString): readonly [folder: ByteString, name: ByteString] {
    checkPath(path)
    const slash = path.lastIndexOf('/')
    return [path.slice(0, Math.max(0, slash)), path.slice(slash + 1)]
  }

  return {
    placeOf(path) {
      const [folder, name] = split(path)
      enter(folder, true)
      return placeIn(top(), name)
    },
    hold(path) {
      const [folder, name] = split(path)
      if (!enter(folder, false)) return undefined
      // Itself, not what it is called: that is a symlink.
      const held = openFolder(folder, placeIn(top(), '.' as ByteString))
      return { place: placeIn(held, name), close: () => closeSync(held.fd) }
    },
    make(path, attributes) {
      if (path !== EMPTY) {
        const [folder, name] = split(path)
        enter(folder, true)
        const place = placeIn(top(), name)
        if (!makeFolder(place) && !lstatSync(place).isDirectory()) unlinkSync(place)
      }
      enter(path, true)
      top().attributes = attributes
    },
    leave() {
      while (open.length > 1) leaveTop()
    },
    finish() {
      setAttributes(open[0].fd, open[0].attributes)
    },
    close() {
      for (const { fd } of open) closeSync(fd)
      open.length = 0
    },
  }
}

/** Gives an open file or folder its owner, mode and time, in the order in which they do not undo each other. */
export function setAttributes(fd: number, { mode, mtime, owner }: Attributes): void {
  if (owner) fchownSync(fd, owner.uid, owner.gid)
  fchmodSync(fd, mode)
  if (mtime !== undefined) futimesSync(fd, timeOf(mtime), timeOf(mtime))
}

/** A time as Node takes it: a number below 0 is now for it (24.11). */
export function timeOf(seconds: number): number | Date {
  return seconds < 0 ? new Date(seconds * 1000) : seconds
}

function openExisting(path: ByteString, place: Buffer, fresh: Attributes | undefined): OpenFolder {
  try {
    return openFolder(path, place, fresh)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOTDIR' || code === 'ELOOP') {
      throw unsafe(path, 'is no directory, and another entry lies below it')
    }
    // A directory of the image that its owner may not read. Nobody else can have put a link there.
    if (code !== 'EACCES' || !lstatSync(place).isDirectory()) throw error
    const { mode, mtimeMs } = lstatSync(place)
    chmodSync(place, PRIVATE)
    return openFolder(path, place, { mode: mode & 0o7777, mtime: mtimeMs / 1000 })
  }
}

/** Opens a folder; what it gets in the end is what it has now, if it is not new. */
function openFolder(path: ByteString, place: Buffer, attributes?: Attributes): OpenFolder {
  const fd = withDescriptorSync(() => openSync(place, OPEN_FOLDER))
  try {
    const { ino, dev, mode, mtimeMs } = fstatSync(fd)
    if ((mode & PRIVATE) !== PRIVATE) fchmodSync(fd, PRIVATE)
    const inside = `/proc/self/fd/${fd}`
    const found = statSync(inside, { throwIfNoEntry: false })
    return {
      path,
      fd,
      // Without /proc its path has to do: nobody else may write into the tree.
      inside: found?.ino === ino && found.dev === dev ? Buffer.from(inside) : place,
      attributes: attributes ?? { mode: mode & 0o7777, mtime: mtimeMs / 1000 },
    }
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

/** Makes a folder; whether there was nothing. What is there is left as it is, and refused later if it is no folder. */
function makeFolder(place: Buffer): boolean {
  try {
    mkdirSync(place, PRIVATE)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function isMissing(place: Buffer): boolean {
  return lstatSync(place, { throwIfNoEntry: false }) === undefined
}

const SLASH = Buffer.from('/')

function placeIn({ inside }: OpenFolder, name: ByteString): Buffer {
  return Buffer.concat([inside, SLASH, encodeByteString(name)])
}

function isIn(path: ByteString, folder: ByteString): boolean {
  return folder === EMPTY || path === folder || path.startsWith(`${folder}/`)
}

function checkPath(path: ByteString): void {
  if (path.includes('\0')) throw unsafe(path, 'has a NUL in its name')
  if (/(^|\/)\.\.(\/|$)/.test(path)) throw unsafe(path, 'has ".." in its path, which would lead out of the folder')
  if (path.split('/', DEPTH_MAX + 1).length > DEPTH_MAX)
    throw unsafe(path, `lies more than ${DEPTH_MAX} directories deep`)
}

/** The error for an entry that cannot be made without harm. */
export function unsafe(path: ByteString, what: string): ExtractError {
  const text = decodeText(path)
  return new ExtractError('EXTRACT_UNSAFE', `/${text.length > 300 ? `${text.slice(0, 300)}…` : text}`, what)
}
