import { DescriptorsError } from '../descriptors.ts'
import { DiskError } from './errors.ts'
import { reasonOf } from './reason.ts'

/** Runs a call that writes; its error becomes a `DiskError` that names `path`, unless the files that are open are at fault. */
export async function attempt<T>(path: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (error instanceof DiskError || error instanceof DescriptorsError) throw error
    const message = `${path}: cannot be written: ${reasonOf(error)}; ${adviceOn(error)}`
    throw new DiskError(path, message, { cause: error })
  }
}

/** What to do about a call that failed. */
function adviceOn(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'make room or choose another folder'
  if (code === 'EACCES' || code === 'EPERM') return 'get permission to write there or choose another folder'
  return 'choose another place'
}
