/**
 * What became of images on this machine, so that what runs every night does nothing twice. A machine may be made of images of
 * several folders and URLs, so all have one place:
 *
 *     machines.json     {"NAME": {"image", "failed", "settings"}}
 *     NAME.replacing    there while NAME has a tree that may never have run, and NAME-previous the one that has. To remove it
 *                       needs no room on a disk, which may be full just then.
 */
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isOwn, readIfThere, replaceFile, syncPath } from '../disk/index.ts'
import { isObject } from '../is-object.ts'

/** The record of a machine. Digests are SHA-256 in lower-case base 16. */
export interface MachineRecord {
  /** The image that it was last made of. */
  readonly image?: string
  /** An image with which it did not start. */
  readonly failed?: string
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

/** The records of all machines. A file or record in another form counts as absent. */
async function readAll(folder: string): Promise<Readonly<Record<string, MachineRecord>>> {
  const bytes = await readIfThere(join(folder, FILE), isOwn)
  let all: unknown
  try {
    all = JSON.parse(bytes?.toString() ?? '{}')
  } catch {
    return {}
  }
  const records = Object.entries(isObject(all) ? all : {}).filter(([, record]) => isObject(record))
  return Object.fromEntries(records) as Record<string, MachineRecord>
}

/** Says, durably, that from now on the tree of a machine may be one that never ran. Throws `DiskError`. */
export async function beginReplacing(folder: string, machine: string): Promise<void> {
  await replaceFile(folder, `${machine}.replacing`, '')
}

/** Takes that back. */
export async function endReplacing(folder: string, machine: string): Promise<void> {
  await rm(join(folder, `${machine}.replacing`), { force: true })
  await syncPath(folder)
}

/** Whether a replacement was begun and not ended. */
export function isReplacing(folder: string, machine: string): boolean {
  return existsSync(join(folder, `${machine}.replacing`))
}
