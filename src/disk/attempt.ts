import { DescriptorsError } from '../descriptors.ts'
import { DiskError } from './errors.ts'
import { reasonOf } from './reason.ts'

/** Runs a call that writes; its error becomes a `DiskError` that names `path`, unless the files that are open are at fault. */
export async function attempt<T>(path: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (error instanceof DiskError || error instanceof DescriptorsError) throw error
    const message = `${path}: cannot be written: ${reasonOf(error)}; make room or choose another folder`
    throw new DiskError(path, message, { cause: error })
  }
}
