/** Finds members of an archive by their paths. */
import type { ByteString } from '../bytes/index.ts'
import { OpenError } from '../image-source/index.ts'
import { type ImageManifest, tarEndOf } from '../manifest/index.ts'
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

/** Parts whose members are kept: what is looked for next is often near. */
const PARTS_KEPT = 8

/** Finds members by a table of all of them, for which the whole archive is read once. */
export function createFullLookup(tar: TarBytes, name: string): MemberLookup {
  let table: Promise<MemberTable> | undefined
  return {
    async find(path) {
      table ??= readTable(tar, name)
      table.catch(() => {
        table = undefined
      })
      const member = (await table).get(path)
      // The table is made of headers alone: those of what was found are verified by reading them.
      if (tar.headersFrom && member) for await (const _ of tar.from(member.headerOffset, member.contentsOffset));
      return member
    },
    async rangesBelow(directory) {
      // To list the root, nothing was looked for yet.
      return [(await table)?.rangeOf(directory) ?? { start: 0 }]
    },
  }
}

/**
 * Finds members in the only part of the archive that can have them, by the manifest. That part is read no further than to what
 * is looked for: a manifest has each path once.
 */
export function createSegmentLookup(tar: TarBytes, name: string, manifest: ImageManifest): MemberLookup {
  const ranges = new Map<string, TarRange[]>()
  for (const segment of manifest.segments) {
    const path = segment.storePath?.slice(1) ?? ''
    const range = { start: segment.tarOffset, end: tarEndOf(segment) }
    const known = ranges.get(path)
    if (known) known.push(range)
    else ranges.set(path, [range])
  }
  const parts = new Map<string, (path: ByteString) => Promise<ImageMember | undefined>>()
  return {
    find(path) {
      const storePath = path.split('/', 3).join('/')
      const key = ranges.has(storePath) ? storePath : ''
      const findIn = parts.get(key) ?? createPartLookup(tar, name, ranges.get(key) ?? [])
      parts.delete(key)
      parts.set(key, findIn)
      for (const oldest of parts.keys()) if (parts.size > PARTS_KEPT && oldest !== '') parts.delete(oldest)
      return findIn(path)
    },
    rangesBelow: async (directory, depth) => rangesBelow(manifest, directory, depth),
  }
}

/** Finds members in parts of an archive that have each path once. */
function createPartLookup(tar: TarBytes, name: string, ranges: readonly TarRange[]) {
  const stepwise = { ...tar, from: tar.stepsFrom ?? tar.from }
  const table = createMemberTable()
  /** Where to read on: at the last member that is in the table. */
  let index = 0
  let start: number | undefined

  async function find(path: ByteString): Promise<ImageMember | undefined> {
    const known = table.get(path)
    if (known) return known
    for (; index < ranges.length; index++, start = undefined) {
      const range = { ...ranges[index], ...(start !== undefined && { start }) }
      for await (const { member } of readMembers(stepwise, name, range)) {
        addTo(table, member, name)
        start = member.headerOffset
        if (member.path === path) return member
      }
    }
    return table.get(path)
  }

  /** One after the other. */
  let last: Promise<unknown> = Promise.resolve()
  return (path: ByteString): Promise<ImageMember | undefined> => {
    const found = last.then(() => find(path))
    last = found.catch(() => {})
    return found
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
  for (const segment of segments) {
    if (!isWanted(segment.storePath)) continue
    const [start, end] = [segment.tarOffset, tarEndOf(segment)]
    const last = ranges.at(-1)
    // What follows each other is read in one go, and so ahead.
    if (last?.end === start) last.end = end
    else ranges.push({ start, end })
  }
  return ranges
}

async function readTable(tar: TarBytes, name: string): Promise<MemberTable> {
  const table = createMemberTable()
  // Whether contents follow a hard link depends on any pax header before it, and more depends on global ones.
  const observer = { onGlobals: table.bind, onPax: table.bind }
  for await (const { member } of readMembers(tar, name, { start: 0 }, { ...observer, onlyHeaders: true })) {
    addTo(table, member, name)
  }
  return table
}

function addTo(table: MemberTable, member: ImageMember, name: string): void {
  if (table.add(member)) return
  throw new OpenError('OPEN_UNSUPPORTED', name, 'has too many or too long paths to be looked up: list it instead')
}
