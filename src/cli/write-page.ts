import { basename, dirname } from 'node:path'
import { openStaging } from '../disk/index.ts'

/** Writes a page: a file is replaced by all of it, or stays as it is. Throws `DiskError`. */
export async function writePage(path: string, text: string): Promise<void> {
  const file = basename(path)
  const staging = await openStaging(dirname(path), [file])
  try {
    const staged = await staging.create(file)
    await staged.write(Buffer.from(text))
    await staged.close()
    await staging.commit([file], [])
  } catch (error) {
    throw staging.reveal(error)
  } finally {
    await staging.discard()
  }
}
