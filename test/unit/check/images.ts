import type { ByteString } from '../../../src/bytes/index.ts'
import type { CheckedEntry } from '../../../src/check/checked-entry.ts'
import { createImageCheck, type Unseen } from '../../../src/check/image-check.ts'
import type { Finding, ImageCheckOptions } from '../../../src/check/index.ts'
import { latin1 } from '../../latin1.ts'

type Details = Pick<CheckedEntry, 'uid' | 'gid' | 'pax'> & { mode?: number; target?: ByteString; contents?: Uint8Array }

const entry = (type: CheckedEntry['type'], mode: number) => (path: string, details?: Details) =>
  ({ type, path: latin1(path), mode, uid: 0, gid: 0, ...details }) as CheckedEntry

export const directory = entry('directory', 0o755)
export const symlink = (path: string, target: string, details?: Details) =>
  entry('symlink', 0o777)(path, { target: latin1(target), ...details })
export const hardlink = (path: string, target: string) => entry('hardlink', 0o644)(path, { target: latin1(target) })
export const special = (type: CheckedEntry['type'], path: string) => entry(type, 0o644)(path)

export const file = (path: string, contents: string | Uint8Array = '', details?: Details) =>
  entry('file', 0o644)(path, { contents: Buffer.from(contents as string), ...details })
export const program = (path: string, contents: Uint8Array | string = elf(62)) => file(path, contents, { mode: 0o755 })

/** The head of a 64-bit ELF file, little-endian, with the name of its interpreter in it if there is one. */
export function elf(machine: number, interpreter?: string): Uint8Array {
  const head = Buffer.alloc(64 + 2 * 56 + 100)
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  head.writeUInt16LE(machine, 18)
  head.writeUInt32LE(64, 32)
  head.writeUInt16LE(56, 54)
  head.writeUInt16LE(2, 56)
  head.writeUInt32LE(1, 64)
  if (interpreter !== undefined) {
    head.writeUInt32LE(3, 64 + 56)
    head.writeUInt32LE(64 + 2 * 56, 64 + 56 + 8)
    head.writeUInt32LE(interpreter.length + 1, 64 + 56 + 32)
    head.write(interpreter, 64 + 2 * 56, 'latin1')
  }
  return head
}

/** An image with nothing to find fault with. */
export const GOOD: readonly CheckedEntry[] = [
  directory('etc'),
  file('etc/os-release', 'ID=test\n'),
  directory('sbin'),
  symlink('sbin/init', '../usr/lib/systemd/systemd'),
  directory('usr'),
  directory('usr/lib'),
  directory('usr/lib/systemd'),
  program('usr/lib/systemd/systemd'),
]

/** The good image without what lies at `paths`. */
export function goodWithout(...paths: string[]): CheckedEntry[] {
  return GOOD.filter(({ path }) => !paths.includes(path))
}

/** What a check of these entries finds. */
export async function findingsOf(
  entries: Iterable<CheckedEntry>,
  options: ImageCheckOptions = {},
  unseen?: Unseen,
): Promise<readonly Finding[]> {
  const check = createImageCheck(options)
  for (const each of entries) check.entry(each)
  return (await check.finish(unseen)).findings
}

/** A finding in short: `severity rule path`. */
export const brief = ({ severity, rule, path }: Finding) => [severity, rule, path].filter(Boolean).join(' ')
