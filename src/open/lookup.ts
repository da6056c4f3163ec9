/** Finds members of an archive by their paths. */
import type { ByteString } from '../bytes/index.ts'
import type { ImageManifest } from '../image/index.ts'
import { OpenError } from './errors.ts'
import { createMemberTable, type MemberTable } from './member-table.ts'
import { readMembers, type TarRange } from './members.ts'
import type { TarBytes } from './tar-bytes.ts'

/** Finds the member at a path without `/` in front; `undefined` if there is none. It follows no links. */
export type MemberLookup = (path: ByteString) => Promise<ReturnType<MemberTable['get']>>

/** Tables of parts that are kept: what is looked for next is often near. */
const TABLES_KEPT = 8

/** Finds members by a table of all of them, for which the whole archive is read once. */
export function createFullLookup(tar: TarBytes, name: string): MemberLookup {
  let table: Promise<MemberTable> | undefined
  return async path => {
    table ??= readTable(tar, name, [{ start: 0 }])
    table.catch(() => {
      table = undefined
    })
    return (await table).get(path)
  }
}

/** Finds members in the only part of the archive that can have them, by the manifest. */
export function createSegmentLookup(tar: TarBytes, name: string, { segments }: ImageManifest): MemberLookup {
  const ranges = new Map<string, TarRange[]>()
  for (const { storePath = '', tarOffset, tarSize } of segments) {
    const range = { start: tarOffset, end: tarOffset + tarSize }
    ranges.set(storePath.slice(1), [...(ranges.get(storePath.slice(1)) ?? []), range])
  }
  const tables = new Map<string, Promise<MemberTable>>()
  return async path => {
    const storePath = path.split('/', 3).join('/')
    const key = ranges.has(storePath) ? storePath : ''
    const table = tables.get(key) ?? readTable(tar, name, ranges.get(key) ?? [])
    tables.delete(key)
    tables.set(key, table)
    table.catch(() => tables.delete(key))
    for (const oldest of tables.keys()) if (tables.size > TABLES_KEPT && oldest !== '') tables.delete(oldest)
    return (await table).get(path)
  }
}

/** The parts of an archive that have what lies below a directory. */
export function rangesBelow({ segments }: ImageManifest, directory: ByteString, depth: number): TarRange[] {
  const names = directory === '' ? [] : directory.split('/')
  const top = names.slice(0, 3).join('/')
  const isAbove = '/nix/store'.startsWith(`/${top}`) && names.length < 3
  const isWanted = (storePath: string | undefined) => {
    if (storePath === undefined) return !top.startsWith('nix/store/')
    // A store path has three names.
    return isAbove ? names.length + depth >= 3 : storePath.slice(1) === top
  }
  return rangesOf(segments.filter(({ storePath }) => isWanted(storePath)))
}

/** The parts of an archive that have anything but these store paths. */
export function rangesWithout({ segments }: ImageManifest, storePaths: ReadonlySet<string>): TarRange[] {
  return rangesOf(segments.filter(({ storePath = '' }) => !storePaths.has(storePath)))
}

/** What follows each other is read in one go, and so ahead. */
function rangesOf(segments: ImageManifest['segments']): TarRange[] {
  const ranges: { start: number; end: number }[] = []
  for (const { tarOffset, tarSize } of segments) {
    const last = ranges.at(-1)
    if (last?.end === tarOffset) last.end += tarSize
    else ranges.push({ start: tarOffset, end: tarOffset + tarSize })
  }
  return ranges
}

async function readTable(tar: TarBytes, name: string, ranges: readonly TarRange[]): Promise<MemberTable> {
  const table = createMemberTable()
  for (const range of ranges) {
    for await (const { member } of readMembers(tar, name, range)) {
      if (table.add(member)) continue
      throw new OpenError('OPEN_UNSUPPORTED', name, 'has too many paths to be looked up: list it instead')
    }
  }
  return table
}
