import { closeSync, lstatSync, openSync, readFileSync, readlinkSync, readSync } from 'node:fs'
import type { ByteString } from '../bytes/index.ts'
import { decodeText } from '../bytes/index.ts'
import { withDescriptorSync } from '../descriptors.ts'
import { StoreError } from './errors.ts'

/** What stands at one place inside a store path. */
export type StoreNode =
  | { readonly type: 'directory' }
  | { readonly type: 'symlink'; readonly target: ByteString }
  | {
      readonly type: 'file'
      readonly executable: boolean
      /** The first bytes, up to `size`, at most {@link HEAD_SIZE}; fewer of a shorter file. */
      head(size: number): Uint8Array
      /** The contents. Throws `StoreError` FILE_TOO_LARGE for more than {@link SMALL_FILE} bytes. */
      read(): Uint8Array
    }

/** Most bytes of a file that an image is planned by, such as os-release. */
export const SMALL_FILE = 64 * 1024

/** Bytes at the start of a program that tell what it is. */
export const HEAD_SIZE = 1024

/** The node at `file` on disk. Throws the error of the system call. */
export function nodeOnDisk(file: ByteString): StoreNode {
  const path = Buffer.from(file, 'latin1')
  const info = lstatSync(path)
  if (info.isSymbolicLink()) return { type: 'symlink', target: readlinkSync(path, 'latin1') as ByteString }
  if (info.isDirectory()) return { type: 'directory' }
  // To read a pipe would wait for whoever writes to it.
  if (!info.isFile()) throw unsupported(decodeText(file))
  return {
    type: 'file',
    executable: (info.mode & 0o111) !== 0,
    head(size) {
      const bytes = new Uint8Array(Math.min(size, info.size))
      const handle = withDescriptorSync(() => openSync(path, 'r'))
      try {
        return bytes.subarray(0, readSync(handle, bytes))
      } finally {
        closeSync(handle)
      }
    },
    read() {
      if (info.size > SMALL_FILE) throw tooLarge(decodeText(file), info.size)
      return new Uint8Array(withDescriptorSync(() => readFileSync(path)))
    },
  }
}

/** The error about what no store path holds. */
export function unsupported(path: string): StoreError {
  const message = `${path}: neither file, directory nor symlink: a store path holds nothing else; remove it`
  return new StoreError('FILE_TYPE_UNSUPPORTED', path, message)
}

/** The error about a file of `size` bytes. */
export function tooLarge(path: string, size: number): StoreError {
  const message = `${path}: has ${size} bytes, where a small file is expected (up to ${SMALL_FILE} bytes)`
  return new StoreError('FILE_TOO_LARGE', path, message)
}
