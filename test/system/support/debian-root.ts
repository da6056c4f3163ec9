import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { execute } from './execute.ts'

/**
 * The root directory of a Debian system as mmdebstrap makes it of `args`. It is made by the first who asks, kept for later
 * runs under a name that begins with `name`, and to be copied by who wants to change it.
 */
export async function madeRoot(name: string, args: readonly string[]): Promise<string> {
  const digest = createHash('sha256').update(JSON.stringify(args)).digest('hex').slice(0, 12)
  const folder = `/var/tmp/nspawn-rootfs-${name}-${digest}`
  if (existsSync(folder)) return folder
  const making = mkdtempSync(`${folder}-`)
  try {
    await execute('mmdebstrap', [...args, join(making, 'root')])
    renameSync(join(making, 'root'), folder)
  } catch (error) {
    // Another process that made it at once was faster.
    if (!existsSync(folder)) throw error
  } finally {
    rmSync(making, { recursive: true })
  }
  return folder
}
