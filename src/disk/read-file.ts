import { constants, type Stats } from 'node:fs'
import { basename } from 'node:path'
import { DescriptorsError } from '../descriptors.ts'
import { sha256Hex } from '../sha256.ts'
import { DiskError } from './errors.ts'
import { openRegularFile } from './open-file.ts'
import { reasonOf } from './reason.ts'
import type { FileDigest } from './staged-file.ts'

/** Bytes of a file that lies beside an image; manifests of some 10,000 store paths have a few million. */
const SIZE_MAX = 256 * 1024 * 1024

/**
 * What is in a file of an earlier build or of the user; `undefined` if there is none, or one that `trusts` does not take: it
 * is asked of the file that is read, and of no link. Throws `DiskError`.
 */
export async function readIfThere(path: string, trusts?: (found: Stats) => boolean): Promise<Buffer | undefined> {
  try {
    const handle = await openRegularFile(path, trusts && { flags: constants.O_NOFOLLOW })
    try {
      const found = await handle.stat()
      if (trusts && !trusts(found)) return undefined
      if (found.size > SIZE_MAX) throw new Error(`it has more than ${SIZE_MAX} bytes`)
      return await handle.readFile()
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (error instanceof DescriptorsError) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || (trusts && (code === 'ELOOP' || code === 'EACCES'))) return undefined
    const advice = code === 'EACCES' ? 'get permission to read it, or remove it' : 'remove it'
    const message = `${path}: from an earlier build or by hand, cannot be read: ${reasonOf(error)}; ${advice}`
    throw new DiskError(path, message, { cause: error })
  }
}

/** The digest of a file that is there already, `undefined` if it is not. Throws `DiskError`. */
export async function digestOf(path: string): Promise<FileDigest | undefined> {
  const contents = await readIfThere(path)
  if (!contents) return undefined
  const sha256 = sha256Hex(contents)
  return { file: basename(path), size: contents.length, sha256 }
}
