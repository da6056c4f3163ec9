/** The members of an archive by their paths, in flat arrays: a million of them take 120 MB, where objects would take 400. */
import { type ByteString, EMPTY } from '../bytes/index.ts'
import { createPathTable, createTextStore, growingMemory, NODE_TYPES, NONE, reserveMemory } from '../tree/index.ts'
import type { ImageMember, TarRange } from './members.ts'

/** Paths that are kept, and bytes of their names; as many bytes of targets. */
const PATHS_MAX = 2 ** 21
const NAMES_MAX = 64 * 1024 * 1024

/** What a row holds, a number each. */
const COLUMNS = 11
const IMPLIED = 0
const HEADER_OFFSET = 9
/** Added to the type. */
const SPARSE = 16
const ATTRIBUTES = 32

/** Members by their paths. Of two with one path, the later counts, as it does when the archive is unpacked. */
export interface MemberTable {
  /** Adds a member; whether there is room for it. */
  add(member: ImageMember): boolean
  /** What stands at a path; a directory that has no entry of its own, but something in it, has mode 0755. */
  get(path: ByteString): ImageMember | undefined
  /** The part of the archive that has what stands at a path and below it; `undefined` if that cannot be told. */
  rangeOf(path: ByteString): TarRange | undefined
  /** Takes note that members depend on headers in front of others, so that no part of the archive can be read alone. */
  bind(): void
}

/** Makes a table without members. */
export function createMemberTable(): MemberTable {
  const paths = createPathTable({ pathsMax: PATHS_MAX, namesMax: NAMES_MAX })
  const targets = createTextStore(NAMES_MAX)
  const memory = growingMemory(8 * COLUMNS * PATHS_MAX)
  const rows = new Float64Array(memory)
  /** Whether some path came twice, the first of which is not known any more, or `bind` was called. */
  let isBound = false

  return {
    add(member) {
      const id = paths.add(member.path)
      const target = member.target === undefined ? NONE : targets.add(member.target)
      if (id === NONE || (target === NONE && member.target !== undefined)) return false
      reserveMemory(memory, 8 * COLUMNS * (id + 1))
      const { type, mode, uid, gid, mtime, size, device, headerOffset, contentsOffset } = member
      const flags = (member.isSparse ? SPARSE : 0) + (member.hasAttributes ? ATTRIBUTES : 0)
      const kind = 1 + NODE_TYPES.indexOf(type) + flags
      const { major = NONE, minor = NONE } = device ?? {}
      const row = [kind, mode, uid, gid, mtime, size, target, major, minor, headerOffset, contentsOffset]
      if (rows[id * COLUMNS] !== IMPLIED) isBound = true
      rows.set(row, id * COLUMNS)
      return true
    },
    rangeOf(path) {
      const top = paths.find(path)
      if (isBound || top === NONE) return undefined
      let start = Number.POSITIVE_INFINITY
      let last = 0
      const isBelow = new Uint8Array(paths.size)
      isBelow[top] = 1
      for (let id = top; id < paths.size; id++) {
        if (id > top) isBelow[id] = isBelow[paths.parent(id)]
        if (isBelow[id] === 0 || !(rows[id * COLUMNS] > IMPLIED)) continue
        const headerOffset = rows[id * COLUMNS + HEADER_OFFSET]
        start = Math.min(start, headerOffset)
        last = Math.max(last, headerOffset)
      }
      return { start: Math.min(start, last), last }
    },
    bind() {
      isBound = true
    },
    get(path) {
      const id = paths.find(path)
      if (id === NONE) return undefined
      const row = rows.subarray(id * COLUMNS, (id + 1) * COLUMNS)
      const [kind = IMPLIED, mode, uid, gid, mtime, size, target, major, minor, headerOffset, contentsOffset] = row
      if (kind === IMPLIED) return impliedDirectory(path)
      return {
        path,
        type: NODE_TYPES[(kind & ~(SPARSE | ATTRIBUTES)) - 1],
        mode,
        uid,
        gid,
        mtime,
        size,
        ...(target !== NONE && { target: targets.read(target) }),
        ...(major !== NONE && { device: { major, minor } }),
        headerOffset,
        contentsOffset,
        ...(kind & SPARSE && { isSparse: true as const }),
        ...(kind & ATTRIBUTES && { hasAttributes: true as const }),
      }
    },
  }
}

/** A directory without an entry: importers make it as they unpack what lies in it. */
export function impliedDirectory(path: ByteString = EMPTY): ImageMember {
  const nowhere = { headerOffset: 0, contentsOffset: 0, size: 0 }
  return { path, type: 'directory', mode: 0o755, uid: 0, gid: 0, mtime: 0, ...nowhere }
}
