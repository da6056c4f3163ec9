/**
 * What became of images on this machine, so that what runs every night does nothing twice. A machine may be made of images of
 * several folders and URLs, so all have one place:
 *
 *     machines.json    {"NAME": {"image", "failed", "replacing", "settings"}}
 */
import { join } from 'node:path'
import { isOwn, readIfThere, replaceFile } from '../disk/index.ts'

/** The record of a machine. Digests are SHA-256 in lower-case base 16. */
export interface MachineRecord {
  /** The image that it was last made of. */
  readonly image?: string
  /** An image with which it did not start. */
  readonly failed?: string
  /** Whether it was being replaced when that was ended: its tree may be one that never ran. */
  readonly replacing?: true
  /** The settings that were installed for it. */
  readonly settings?: string
}

/** The folder of records. */
export const RECORDS = '/var/lib/nspawn-rootfs'

const FILE = 'machines.json'

/** The record of a machine; `undefined` if it was never made here. `folder` is where the records lie. */
export async function readRecord(folder: string, machine: string): Promise<MachineRecord | undefined> {
  const all = await readAll(folder)
  return Object.hasOwn(all, machine) ? all[machine] : undefined
}

/** Writes the record of a machine. Throws `DiskError`. */
export async function writeRecord(folder: string, machine: string, record: MachineRecord): Promise<void> {
  const all = { ...(await readAll(folder)), [machine]: record }
  await replaceFile(folder, FILE, `${JSON.stringify(all, null, 2)}\n`)
}

async function readAll(folder: string): Promise<Readonly<Record<string, MachineRecord>>> {
  const bytes = await readIfThere(join(folder, FILE), isOwn)
  try {
    return JSON.parse(bytes?.toString() ?? '{}')
  } catch {
    return {}
  }
}
