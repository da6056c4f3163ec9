import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { ownThreadName } from '../../../src/disk/thread-name.ts'

/** The name of a thread that has ended: none ever has this number. */
export const ENDED = `${ownThreadName().split('-')[0]}-1073741824-1`

/** Leaves a scratch folder in `folder`, as a build that was killed does. */
export function leaveScratch(folder: string, thread: string): string {
  const path = join(folder, `.nspawn-rootfs-${thread}-0badcafe`)
  mkdirSync(path, { mode: 0o700 })
  symlinkSync(`${thread}-0badcafe`, join(path, '.owner'))
  return path
}
