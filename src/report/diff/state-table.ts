/** The files of two images by their paths, in flat arrays: a million paths take 150 MB. */
import { type ByteString, encodeText } from '../../bytes/index.ts'
import { decodeText, type ImageMember } from '../../open/index.ts'
import { createPathTable, createTextStore, NODE_TYPES, NONE } from '../../tree/index.ts'
import type { FileState } from './image-diff.ts'

/** Paths of both images together, bytes of their names, and of targets. */
const PATHS_MAX = 2 ** 21
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

/** Numbers that a file takes, without its size. */
const COLUMNS = 4

/** Makes an empty table. */
export function createStateTable(): StateTable {
  const paths = createPathTable({ pathsMax: PATHS_MAX, namesMax: NAMES_MAX })
  const targets = createTextStore(NAMES_MAX)
  const sides = { old: createColumns(), new: createColumns() }
  return {
    get size() {
      return paths.size
    },
    add(side, { path, type, mode, uid, gid, size, target, device }) {
      const id = paths.add(path)
      const text = device ? encodeText(`${device.major},${device.minor}`) : target
      const place = text === undefined ? NONE : targets.add(text)
      if (id === NONE || (place === NONE && text !== undefined)) return NONE
      // A type of 0 stands for no file.
      const kind = (NODE_TYPES.indexOf(type) + 1) * 0x10000 + mode
      sides[side].set(id, [kind, uid, gid, place + 1], size)
      return id
    },
    find: path => paths.find(path),
    state(side, id) {
      const [[kind = 0, uid = 0, gid = 0, place = 0], size] = sides[side].get(id)
      if (kind === 0) return undefined
      const type = NODE_TYPES[Math.floor(kind / 0x10000) - 1]!
      const text = place === 0 ? undefined : decodeText(targets.read(place - 1))
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

function createColumns() {
  let numbers = new Uint32Array(1024 * COLUMNS)
  let sizes = new Float64Array(1024)
  return {
    set(id: number, row: readonly number[], size: number) {
      while (id >= sizes.length) {
        const moreNumbers = new Uint32Array(numbers.length * 2)
        moreNumbers.set(numbers)
        numbers = moreNumbers
        const moreSizes = new Float64Array(sizes.length * 2)
        moreSizes.set(sizes)
        sizes = moreSizes
      }
      numbers.set(row, id * COLUMNS)
      sizes[id] = size
    },
    get: (id: number) => [numbers.subarray(id * COLUMNS, (id + 1) * COLUMNS), sizes[id] ?? 0] as const,
  }
}
