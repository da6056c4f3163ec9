/** Finds members of an archive by their paths. */
import type { ByteString } from '../bytes/index.ts'
import type { ImageManifest } from '../image/index.ts'
import { OpenError } from '../image-source/index.ts'
import { createMemberTable, type MemberTable } from './member-table.ts'
import { type ImageMember, readMembers, type TarRange } from './members.ts'
import type { TarBytes } from './tar-bytes.ts'

/** Finds members by their paths, which have no `/` in front. It follows no links. */
export interface MemberLookup {
  /** The member at a path; `undefined` if there is none. */
  find(path: ByteString): Promise<ImageMember | undefined>
  /** The parts of the archive that have what lies below a directory, with at most so many names behind its own. */
  rangesBelow(directory: ByteString, depth: number): Promise<readonly TarRange[]>
}

/** Tables of parts that are kept: what is looked for next is often near. */
const TABLES_KEPT = 8

/** Finds members by a table of all of them, for which the whole archive is read once. */
export function createFullLookup(tar: TarBytes, name: string): MemberLookup {
  let table: Promise<MemberTable> | undefined
  return {
    async find(path) {
      table ??= readTable(tar, name, [{ start: 0 }])
      table.catch(() => {
        table = undefined
      })
      return (await table).get(path)
    },
    async rangesBelow(directory) {
      // To list the root, nothing was looked for yet.
      return [(await table)?.rangeOf(directory) ?? { start: 0 }]
    },
  }
}

/** Finds members in the only part of the archive that can have them, by the manifest. */
export function createSegmentLookup(tar: TarBytes, name: string, manifest: ImageManifest): MemberLookup {
  const ranges = new Map<string, TarRange[]>()
  for (const { storePath = '', tarOffset, tarSize } of manifest.segments) {
    const range = { start: tarOffset, end: tarOffset + tarSize }
    ranges.set(storePath.slice(1), [...(ranges.get(storePath.slice(1)) ?? []), range])
  }
  const tables = new Map<string, Promise<MemberTable>>()
  const find = async (path: ByteString) => {
    const storePath = path.split('/', 3).join('/')
    const key = ranges.has(storePath) ? storePath : ''
    const table = tables.get(key) ?? readTable(tar, name, ranges.get(key) ?? [])
    tables.delete(key)
    tables.set(key, table)
    table.catch(() => tables.delete(key))
    for (const oldest of tables.keys()) if (tables.size > TABLES_KEPT && oldest !== '') tables.delete(oldest)
    return (await table).get(path)
  }
  return {
    find,
    rangesBelow: async (directory, depth) => rangesBelow(manifest, directory, depth),
  }
}

/** The parts of an archive that have what lies below a directory, by its manifest. */
function rangesBelow(manifest: ImageManifest, directory: ByteString, depth: number): TarRange[] {
  return segmentRanges(manifest, storePath => reaches(storePath, directory, depth))
}

/** The parts of an archive that have some members, and what lies below them. */
export function rangesOf(manifest: ImageManifest, members: readonly ImageMember[]): TarRange[] {
  const places = new Map(members.map(({ path, type }) => [storePathOf(path) ?? path, { path, type }]))
  const open = [...places.values()].filter(({ path }) => storePathOf(path) === undefined)
  return segmentRanges(
    manifest,
    storePath =>
      (storePath !== undefined && places.has(storePath.slice(1))) ||
      open.some(({ path, type }) => reaches(storePath, path, type === 'directory' ? Number.POSITIVE_INFINITY : 0)),
  )
}

/** The store path that a path is in, without `/` in front; `undefined` if it is in none. */
export function storePathOf(path: ByteString): string | undefined {
  return path.startsWith('nix/store/') ? path.split('/', 3).join('/') : undefined
}

/** Whether what lies below a directory may be in the segment of a store path, or in that of none. */
function reaches(storePath: string | undefined, directory: ByteString, depth: number): boolean {
  const names = directory === '' ? [] : directory.split('/')
  const top = names.slice(0, 3).join('/')
  if (storePath === undefined) return !top.startsWith('nix/store/')
  const isAbove = '/nix/store'.startsWith(`/${top}`) && names.length < 3
  // A store path has three names.
  return isAbove ? names.length + depth >= 3 : storePath.slice(1) === top
}

/** The parts of an archive that have anything but these store paths. */
export function rangesWithout(manifest: ImageManifest, storePaths: ReadonlySet<string>): TarRange[] {
  return segmentRanges(manifest, storePath => storePath === undefined || !storePaths.has(storePath))
}

function segmentRanges({ segments }: ImageManifest, isWanted: (storePath: string | undefined) => boolean): TarRange[] {
  const ranges: { start: number; end: number }[] = []
  for (const { storePath, tarOffset, tarSize } of segments) {
    if (!isWanted(storePath)) continue
    const last = ranges.at(-1)
    // What follows each other is read in one go, and so ahead.
    if (last?.end === tarOffset) last.end += tarSize
    else ranges.push({ start: tarOffset, end: tarOffset + tarSize })
  }
  return ranges
}

async function readTable(tar: TarBytes, name: string, ranges: readonly TarRange[]): Promise<MemberTable> {
  const table = createMemberTable()
  // Whether contents follow a hard link depends on any pax header before it, and more depends on global ones.
  const observer = { onGlobals: table.bind, onPax: table.bind }
  for (const range of ranges) {
    for await (const { member } of readMembers(tar, name, range, observer)) {
      if (table.add(member)) continue
      throw new OpenError('OPEN_UNSUPPORTED', name, 'has too many paths to be looked up: list it instead')
    }
  }
  return table
}
