import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { reasonOf } from '../disk/index.ts'
import { createAccess, EXPORT, EXPORT_2, fileKindOf, NAR } from '../nar-file/index.ts'
import { createExportReader, NixError } from '../nix/index.ts'
import { shellWord } from '../shell-word.ts'
import type { Closure } from './closure.ts'
import { StoreError } from './errors.ts'
import { narClosure, type PackedPath } from './nar-closure.ts'

/**
 * The store paths of a file that `nix-store --export` wrote. It is read once for what is in it, and where; the contents
 * are read from it again. Throws `StoreError` SOURCE_INVALID.
 */
export async function exportClosure(storeDir: string, file: string, signal?: AbortSignal): Promise<Closure> {
  const access = createAccess({}, signal)
  const url = pathToFileURL(resolve(file)).href
  const packed: PackedPath[] = []
  try {
    const reader = createExportReader(storeDir)
    let isBegun = false
    const bytes = await access.open(url, { limit: Number.MAX_SAFE_INTEGER })
    if (!bytes) throw new Error('no such file')
    for await (const chunk of bytes) {
      if (!isBegun) checkKind(file, chunk)
      isBegun = true
      for (const info of reader.push(chunk)) {
        const stretch = { offset: info.narOffset, size: info.narSize }
        packed.push({ info, file: { url, stretch, compression: 'none', fileSize: info.narSize } })
      }
    }
    if (!isBegun) checkKind(file, new Uint8Array())
    reader.end()
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof StoreError) throw error
    const [reason, advice] =
      error instanceof NixError
        ? [error.message, 'write it again with nix-store --export']
        : [`cannot be read: ${reasonOf(error)}`, 'give the file that nix-store --export wrote']
    throw new StoreError('SOURCE_INVALID', file, `${file}: ${reason}; ${advice}`, { cause: error })
  } finally {
    await access.close()
  }
  return narClosure(storeDir, packed, { access: {}, cacheUrls: [] }, signal)
}

/** Throws `StoreError` SOURCE_INVALID for a file that begins as something else than an export. */
function checkKind(file: string, head: Uint8Array): void {
  const kind = fileKindOf(head)
  if (kind === undefined || kind === EXPORT) return
  const { what, unpack } = kind
  const write = 'write it with nix-store --export'
  const advice =
    kind === EXPORT_2
      ? `${write}, or nix nario export --format 1`
      : kind === NAR
        ? `${write}, or give it as a NAR (--nar STOREPATH=FILE)`
        : unpack === undefined
          ? write
          : // Its NARs are read at their places, in any order.
            `unpack it first (${unpack} ${shellWord(file)})`
  throw new StoreError('SOURCE_INVALID', file, `${file}: is ${what}, where an export is needed; ${advice}`)
}
