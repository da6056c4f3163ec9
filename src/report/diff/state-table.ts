/** The files of two images by their paths, in flat arrays: a million paths take 100 MB. */
import { type ByteString, encodeText } from '../../bytes/index.ts'
import { decodeText, type ImageMember } from '../../open/index.ts'
import { createPathTable, createTextStore, growingMemory, NODE_TYPES, NONE, reserveMemory } from '../../tree/index.ts'
import type { FileState } from './image-diff.ts'

/** Paths of both images together, bytes of their names, and of targets. */
export const PATHS_MAX = 2 ** 21
const NAMES_MAX = 64 * 1024 * 1024

/** Which of the images. */
export type Side = 'old' | 'new'

/** Files of two images. Of two with one path in one image, the later counts, as it does when it is unpacked. */
export interface StateTable {
  /** Numbers of paths are below it. */
  readonly size: number
  /** Takes up a file, and gives the number of its path, the same in both images; -1 if there is no room. */
  add(side: Side, member: ImageMember): number
  /** The number of a path, or -1. */
  find(path: ByteString): number
  /** The file with this number; `undefined` if the image has none. */
  state(side: Side, id: number): FileState | undefined
  path(id: number): ByteString
}

/** Numbers that a file takes. */
const COLUMNS = 5

/** Makes an empty table. */
export function createStateTable(): StateTable {
  const paths = createPathTable({ pathsMax: PATHS_MAX, namesMax: NAMES_MAX })
  const targets = createTextStore(NAMES_MAX)
  const rowsMemory = growingMemory(2 * PATHS_MAX * COLUMNS * Float64Array.BYTES_PER_ELEMENT)
  const rows = new Float64Array(rowsMemory)
  let count = 0
  const sides = { old: createNumbers(), new: createNumbers() }

  /** Whether a row says the same of a file. Most files are alike in both images, and take one row. */
  const isRow = (row: number, numbers: readonly number[], text: ByteString | undefined) => {
    const at = row * COLUMNS
    const place = rows[at + COLUMNS - 1]!
    return (
      numbers.every((number, i) => rows[at + i] === number) &&
      (text === undefined ? place === NONE : place !== NONE && targets.isEqual(place, text, 0, text.length))
    )
  }
  return {
    get size() {
      return paths.size
    },
    add(side, { path, type, mode, uid, gid, size, target, device }) {
      const id = paths.add(path)
      if (id === NONE) return NONE
      const text = device ? encodeText(`${device.major},${device.minor}`) : target
      const numbers = [NODE_TYPES.indexOf(type) * 0x10000 + mode, uid, gid, size]
      const old = sides.old.get(id)
      if (old !== NONE && isRow(old, numbers, text)) {
        sides[side].set(id, old)
        return id
      }
      const place = text === undefined ? NONE : targets.add(text)
      if ((place === NONE && text !== undefined) || count === 2 * PATHS_MAX) return NONE
      reserveMemory(rowsMemory, (count + 1) * COLUMNS * Float64Array.BYTES_PER_ELEMENT)
      rows.set([...numbers, place], count * COLUMNS)
      sides[side].set(id, count++)
      return id
    },
    find: path => paths.find(path),
    state(side, id) {
      const row = sides[side].get(id)
      if (row === NONE) return undefined
      const [kind = 0, uid = 0, gid = 0, size = 0, place = NONE] = rows.subarray(row * COLUMNS, (row + 1) * COLUMNS)
      const type = NODE_TYPES[Math.floor(kind / 0x10000)]!
      const text = place === NONE ? undefined : decodeText(targets.read(place))
      const isDevice = type === 'character-device' || type === 'block-device'
      return {
        type,
        mode: kind % 0x10000,
        uid,
        gid,
        size,
        ...(text !== undefined && (isDevice ? { device: text } : { target: text })),
      }
    },
    path: id => paths.path(id),
  }
}

/** Numbers by those of paths; {@link NONE} where none was set. */
function createNumbers() {
  const memory = growingMemory(PATHS_MAX * Int32Array.BYTES_PER_ELEMENT)
  // One more than the number, as new memory holds zeros.
  const numbers = new Int32Array(memory)
  return {
    get: (id: number) => (numbers[id] ?? 0) - 1,
    set(id: number, number: number) {
      reserveMemory(memory, (id + 1) * Int32Array.BYTES_PER_ELEMENT)
      numbers[id] = number + 1
    },
  }
}
