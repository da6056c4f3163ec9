/** Which image a machine was made of: what runs every night replaces no machine that has the newest one. */
import { basename, dirname, join } from 'node:path'
import { isOwn, readIfThere } from '../disk/index.ts'
import { openPlace, placeOf } from './place.ts'

const FILE = 'imported.json'

/** SHA-256 of the image that a machine was last made of, by the pulled image of today; `undefined` if none is known. */
export async function imageOfMachine(image: string, machine: string): Promise<string | undefined> {
  const all = await readAll(image)
  return Object.hasOwn(all, machine) ? all[machine] : undefined
}

/** Takes note of the image that a machine was made of. Throws `DiskError`. */
export async function noteImported(image: string, machine: string, sha256: string): Promise<void> {
  const all = { ...(await readAll(image)), [machine]: sha256 }
  const place = await openPlace(dirname(image), basename(image))
  try {
    await place.writeFile(FILE, `${JSON.stringify(all, null, 2)}\n`)
  } finally {
    await place.close()
  }
}

async function readAll(image: string): Promise<Readonly<Record<string, string>>> {
  const bytes = await readIfThere(join(placeOf(dirname(image), basename(image)), FILE), isOwn)
  try {
    return JSON.parse(bytes?.toString() ?? '{}')
  } catch {
    return {}
  }
}
