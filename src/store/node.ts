import { closeSync, lstatSync, openSync, readFileSync, readlinkSync, readSync } from 'node:fs'
import { type ByteString, decodeText } from '../bytes/index.ts'
import { withDescriptorSync } from '../descriptors.ts'
import type { DirectoryNode, ImageNode } from '../tree/index.ts'
import { StoreError } from './errors.ts'

/** Bytes of the largest file whose contents are all known: an image is planned by small ones, such as os-release. */
export const SMALL_FILE = 64 * 1024

/** Bytes that are known of a longer file: enough to tell what kind of program it is. */
export const HEAD_SIZE = 1024

/** A directory of a store, with the permission bits that Nix gives to all (`canonicalisePathMetaData`). */
export const STORE_DIRECTORY: DirectoryNode = { type: 'directory', mode: 0o555 }

/** The permission bits that Nix gives to a file of a store. */
export function storeFileMode(executable: boolean): number {
  return executable ? 0o555 : 0o444
}

/**
 * Whether a file on disk is executable in a NAR. As in Nix (`src/libutil/posix-source-accessor.cc`) the owner's bit decides:
 * by another rule the NAR hash of a file that Nix did not write itself would be another.
 */
export function isExecutableInNar(mode: number): boolean {
  return (mode & 0o100) !== 0
}

/** The node at `file` on disk. Throws the error of the system call. */
export function nodeOnDisk(file: ByteString): ImageNode {
  const path = Buffer.from(file, 'latin1')
  const info = lstatSync(path)
  if (info.isSymbolicLink()) return { type: 'symlink', target: readlinkSync(path, 'latin1') as ByteString }
  if (info.isDirectory()) return STORE_DIRECTORY
  // Reading a pipe would wait for its writer.
  if (!info.isFile()) throw unsupported(decodeText(file))
  return {
    type: 'file',
    mode: storeFileMode(isExecutableInNar(info.mode)),
    size: info.size,
    // Most files are only looked up for what they are.
    get contents() {
      return info.size <= SMALL_FILE ? withDescriptorSync(() => readFileSync(path)) : readHead(path)
    },
  }
}

function readHead(path: Buffer): Uint8Array {
  const handle = withDescriptorSync(() => openSync(path, 'r'))
  try {
    const bytes = new Uint8Array(HEAD_SIZE)
    return bytes.subarray(0, readSync(handle, bytes))
  } finally {
    closeSync(handle)
  }
}

/** The error about what no store path holds. */
export function unsupported(path: string): StoreError {
  const message = `${path}: neither file, directory nor symlink: a store path holds nothing else; remove it`
  return new StoreError('FILE_TYPE_UNSUPPORTED', path, message)
}
