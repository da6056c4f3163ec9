import { closeSync, type Dirent, fstatSync, lstatSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs'
import { type ByteString, compareByteStrings, decodeText, isAscii, joinPath } from '../bytes/index.ts'
import { withDescriptorSync } from '../descriptors.ts'
import { reasonOf } from '../disk/index.ts'
import { StoreError } from './errors.ts'
import { isExecutableInNar, unsupported } from './node.ts'

/**
 * Takes the contents of a store path in the order of its NAR: a node, where a directory is its entries, each a name
 * followed by a node, and an end.
 */
export interface ContentsSink {
  directory(): void
  /** The next node is the child of this name. */
  entry(name: ByteString): void
  endDirectory(): void
  symlink(target: ByteString): void
  /** A file whose `size` bytes follow through {@link room} and {@link advance}. */
  regular(executable: boolean, size: number): void
  /** Where the next bytes of the file go: never empty. */
  room(): Uint8Array
  /** That many bytes have been put into what {@link room} returned last. */
  advance(length: number): void
}

/**
 * Reads the store path at `physicalPath` from disk into `sink`. It blocks: run it in a worker. Of a file it keeps what
 * a NAR keeps, type, owner's execute bit and contents; everything else is as Nix makes it in a store. Throws
 * `StoreError` for what is missing, unreadable, neither file nor directory nor symlink, or of another size while it is
 * being read.
 */
export function readContents(physicalPath: ByteString, sink: ContentsSink): void {
  const info = attempt(physicalPath, () => lstatSync(fsPath(physicalPath)))
  readNode(physicalPath, info, sink)
}

type NodeType = Pick<Dirent, 'isDirectory' | 'isSymbolicLink' | 'isFile'>

function readNode(path: ByteString, node: NodeType, sink: ContentsSink): void {
  if (node.isFile()) readFile(path, sink)
  else if (node.isDirectory()) readDirectory(path, sink)
  else if (node.isSymbolicLink()) sink.symlink(attempt(path, () => readlinkSync(fsPath(path), 'latin1') as ByteString))
  else throw unsupported(decodeText(path))
}

function readDirectory(path: ByteString, sink: ContentsSink): void {
  // Names come as latin1, one character a byte, so that names that are not UTF-8 survive: they are byte strings.
  const children = attempt(path, () =>
    withDescriptorSync(() => readdirSync(fsPath(path), { withFileTypes: true, encoding: 'latin1' })),
  )
  children.sort((a, b) => compareByteStrings(a.name as ByteString, b.name as ByteString))
  sink.directory()
  for (const child of children) {
    const name = child.name as ByteString
    sink.entry(name)
    readNode(joinPath(path, name), child, sink)
  }
  sink.endDirectory()
}

function readFile(path: ByteString, sink: ContentsSink): void {
  const fd = attempt(path, () => withDescriptorSync(() => openSync(fsPath(path), 'r')))
  try {
    const { size, mode } = attempt(path, () => fstatSync(fd))
    sink.regular(isExecutableInNar(mode), size)
    readBytes(path, fd, size, sink)
  } finally {
    closeSync(fd)
  }
}

function readBytes(path: ByteString, fd: number, size: number, sink: ContentsSink): void {
  let left = size
  let asked = 0
  while (left > 0) {
    const room = sink.room()
    // One byte more than is due, where there is room: so a file that grows is seen without another system call.
    asked = Math.min(room.length, left + 1)
    const length = attempt(path, () => readSync(fd, room, 0, asked, null))
    if (length === 0 || length > left) throw changed(path, size)
    sink.advance(length)
    left -= length
    asked -= length
  }
  const more = asked === 0 && size > 0 ? attempt(path, () => readSync(fd, new Uint8Array(1), 0, 1, null)) : 0
  if (more > 0) throw changed(path, size)
}

function changed(path: ByteString, size: number): StoreError {
  const shown = decodeText(path)
  const message = `${shown}: was ${size} bytes and changed while it was being read; build again when nothing writes to it`
  return new StoreError('STORE_PATH_CHANGED', shown, message)
}

function attempt<T>(path: ByteString, call: () => T): T {
  try {
    return call()
  } catch (error) {
    const shown = decodeText(path)
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      const message = `${shown}: missing from disk, though the store lists it; repair it (nix-store --repair-path) or copy it again`
      throw new StoreError('STORE_PATH_MISSING', shown, message, { cause: error })
    }
    const message = `${shown}: cannot be read: ${reasonOf(error)}`
    throw new StoreError('STORE_PATH_UNREADABLE', shown, message, { cause: error })
  }
}

/** A path as Node's file system calls take it: text would be encoded as UTF-8 and change bytes that are not. */
function fsPath(path: ByteString): string | Buffer {
  return isAscii(path) ? path : Buffer.from(path, 'latin1')
}
