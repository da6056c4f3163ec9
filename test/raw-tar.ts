/** Tar archives written field by field, so that a test can say anything in them: nothing is checked. */

/** A header and what follows it. */
export interface RawEntry {
  readonly name: string
  /** Default `0`, a file. */
  readonly type?: string
  readonly mode?: number
  readonly uid?: number
  readonly gid?: number
  /** Default: the length of `data`. */
  readonly size?: number
  readonly mtime?: number
  readonly linkname?: string
  readonly prefix?: string
  /** Default `ustar`; `v7` has no magic. */
  readonly format?: 'ustar' | 'gnu' | 'v7'
  readonly data?: string | Uint8Array
  /** Bytes of the header by their offset, set last of all but the checksum. */
  readonly bytes?: Readonly<Record<number, string | Uint8Array>>
  /** Added to the checksum. */
  readonly checksumError?: number
}

const BLOCK = 512
const MAGICS = { ustar: 'ustar\x0000', gnu: 'ustar  \0', v7: '' } as const

/** Two blocks of zeros. */
export const END_OF_TAR: Buffer = Buffer.alloc(2 * BLOCK)

/** One entry: its header, its data, zeros up to the next block. Text is written as UTF-8. */
export function rawEntry(entry: RawEntry): Buffer {
  const { name, type = '0', mode = type === '5' ? 0o755 : 0o644, uid = 0, gid = 0, mtime = 1 } = entry
  const data = Buffer.from((entry.data ?? '') as string)
  const header = Buffer.alloc(BLOCK)
  header.write(name, 0, 100)
  header.write(octal(mode, 8), 100)
  header.write(octal(uid, 8), 108)
  header.write(octal(gid, 8), 116)
  header.write(octal(entry.size ?? data.length, 12), 124)
  header.write(octal(mtime, 12), 136)
  header.write(type, 156, 'latin1')
  header.write(entry.linkname ?? '', 157, 100)
  header.write(MAGICS[entry.format ?? 'ustar'], 257, 'latin1')
  header.write(entry.prefix ?? '', 345, 155)
  for (const [offset, bytes] of Object.entries(entry.bytes ?? {})) header.set(Buffer.from(bytes as string), +offset)
  header.fill(' ', 148, 156)
  const sum = header.reduce((total, byte) => total + byte, entry.checksumError ?? 0)
  header.write(`${octal(sum, 7)} `, 148)
  return Buffer.concat([header, data, Buffer.alloc(-data.length & (BLOCK - 1))])
}

/** A pax header for the next entry, or for all that follow. */
export function rawPax(records: Readonly<Record<string, string | Uint8Array>>, type: 'x' | 'g' = 'x'): Buffer {
  return rawEntry({ name: 'pax', type, data: Buffer.concat(Object.entries(records).map(([k, v]) => paxRecord(k, v))) })
}

/** `LENGTH KEY=VALUE`, where the length counts itself. */
export function paxRecord(key: string, value: string | Uint8Array): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value as string), Buffer.from('\n')])
  let length = rest.length
  while (length !== rest.length + String(length).length) length = rest.length + String(length).length
  return Buffer.concat([Buffer.from(String(length)), rest])
}

/** A name for the next entry that is too long for its header, as GNU tar writes it: type `L`, or `K` for a link's target. */
export function rawLongName(name: string, type: 'L' | 'K' = 'L'): Buffer {
  return rawEntry({ name: '././@LongLink', type, format: 'gnu', data: `${name}\0` })
}

function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, '0')}\0`
}
