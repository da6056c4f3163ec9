import type { Access } from './access.ts'
import { NarFileError } from './errors.ts'
import { fileKindOf, NAR } from './file-kind.ts'
import { fileLimit, type NarFile, type NarSubject } from './nar-file.ts'

/**
 * The bytes of a file with a NAR, as they are there; `undefined` if there is no such file. With `insist`, a busy server is
 * waited for. Throws `NarFileError` NAR_FILE_UNREADABLE, and so do the bytes.
 */
export async function openNarFile(
  access: Access,
  file: NarFile,
  subject: NarSubject,
  insist = true,
): Promise<AsyncIterable<Uint8Array> | undefined> {
  const { url, stretch, isElsewhere, compression } = file
  const options = { limit: fileLimit(subject), insist, stretch, isElsewhere, recognise: recognise(compression) }
  const bytes = await blameFile(subject, file, () => access.open(url, options))
  return bytes && blaming(subject, file, bytes)
}

/** Recognises a file with this compression, and an uncompressed NAR, by its first bytes. */
function recognise(compression: NarFile['compression']): (head: Uint8Array) => 'file' | 'contents' | undefined {
  return head => {
    const kind = fileKindOf(head)
    if (kind?.compression === compression) return 'file'
    return kind === NAR ? 'contents' : undefined
  }
}

async function* blaming(subject: NarSubject, file: NarFile, bytes: AsyncIterable<Uint8Array>) {
  const iterator = bytes[Symbol.asyncIterator]()
  try {
    for (;;) {
      const step = await blameFile(subject, file, () => iterator.next())
      if (step.done) return
      yield step.value
    }
  } finally {
    await iterator.return?.()
  }
}

/** Runs a read of a file, and names the file and the store path in its errors. */
async function blameFile<T>(subject: NarSubject, file: NarFile, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    const { message } = error as Error
    throw new NarFileError('NAR_FILE_UNREADABLE', subject.path.path, file.url, message, { cause: error })
  }
}
