/** What stands at each path of an image, in the little memory that a million of them may take. */
import { type ByteString, decodeByteString, encodeByteString } from '../bytes/index.ts'
import {
  createPathTable,
  createTextStore,
  type FileNode,
  growingMemory,
  type ImageNode,
  NODE_TYPES,
  NONE,
  type PathTable,
  type Program,
  ROOT,
  reserveMemory,
  TEXT_MAX,
} from '../tree/index.ts'
import { HEADS_MAX, NAMES_MAX, PATHS_MAX } from './limits.ts'

/** What a path is: an entry, a directory that something lies in without an entry of its own, or nothing. */
export type PathKind = ImageNode['type'] | 'implied' | 'nothing'

/** The tree that entries make. Paths are given as they are unpacked, or by their number in `paths`. */
export interface ImageTree {
  readonly paths: PathTable
  /** Whether the beginnings of some files are not kept, for want of room. */
  readonly isHeadLost: boolean
  kind(id: number): PathKind
  /** Whether an entry stands there. */
  isEntry(id: number): boolean
  /** What stands there; `undefined` for nothing. */
  node(id: number): ImageNode | undefined
  /** The same by its path. */
  get(path: ByteString): ImageNode | undefined
  /** The target of a symlink; `undefined` for all else. */
  target(id: number): ByteString | undefined
  /** Puts an entry there in place of what was there; whether there is room for it. */
  set(id: number, node: ImageNode): boolean
  /** Makes a path the same as another one. */
  link(id: number, target: number): void
  /** Says that something lies in a folder, which is there even without an entry. */
  fill(id: number): void
  isFilled(id: number): boolean
  /** The names of what lies in a folder. */
  names(folder: ByteString): Generator<ByteString>
  /** The paths of entries anywhere below a folder, if need be those with one name only. */
  below(folder: ByteString, name?: ByteString): Generator<ByteString>
}

const KINDS: readonly PathKind[] = ['nothing', 'implied', ...NODE_TYPES]
const KIND = 0x3f
/** Of a file, what the kernel makes of it is kept in place of its contents. */
const PROGRAM = 0x40
const FILLED = 0x80

/** Different programs of which each is kept once. */
const PROGRAMS_MAX = 1000

export function createImageTree(): ImageTree {
  const paths = createPathTable({ pathsMax: PATHS_MAX, namesMax: NAMES_MAX / 2 })
  const targets = createTextStore(NAMES_MAX / 2)
  const heads = createTextStore(HEADS_MAX)
  /** Where programs are kept. Those of which all is alike are one. */
  const programs = new Map<string, number>()
  const memories = [1, 2, 4].map(size => growingMemory(size * PATHS_MAX)) as [ArrayBuffer, ArrayBuffer, ArrayBuffer]
  const kinds = new Uint8Array(memories[0])
  const modes = new Uint16Array(memories[1])
  /** Where the target of a symlink is, or what is known of a file. */
  const details = new Int32Array(memories[2])
  let isHeadLost = false

  function reserve(id: number): void {
    for (const [i, memory] of memories.entries()) reserveMemory(memory, 2 ** i * (id + 1))
  }

  /** Keeps what is known of a file, and tells where. */
  function keep({ contents, program }: FileNode): number {
    if (contents === undefined && program === undefined) return NONE
    const text = program ? (JSON.stringify(program) as ByteString) : decodeByteString(contents!.subarray(0, TEXT_MAX))
    const place = (program && programs.get(text)) ?? heads.add(text)
    if (place === NONE) isHeadLost = true
    else if (program && programs.size < PROGRAMS_MAX) programs.set(text, place)
    return place
  }

  const tree: ImageTree = {
    paths,
    get isHeadLost() {
      return isHeadLost
    },
    kind: id => (id === NONE || id >= kinds.length ? 'nothing' : KINDS[kinds[id]! & KIND]!),
    isEntry: id => !['nothing', 'implied'].includes(tree.kind(id)),
    node(id) {
      const kind = tree.kind(id)
      if (kind === 'nothing') return undefined
      if (kind === 'implied') return { type: 'directory', mode: 0o700 }
      const mode = modes[id]!
      const detail = details[id]!
      if (kind === 'symlink') return { type: kind, target: targets.read(detail) }
      if (kind !== 'file' || detail === NONE) return { type: kind, mode }
      const text = heads.read(detail)
      if (kinds[id]! & PROGRAM) return { type: kind, mode, program: JSON.parse(text) as Program }
      return { type: kind, mode, contents: encodeByteString(text) }
    },
    get: path => tree.node(paths.find(path)),
    target: id => (tree.kind(id) === 'symlink' ? targets.read(details[id]!) : undefined),
    set(id, node) {
      reserve(id)
      const detail = node.type === 'symlink' ? targets.add(node.target) : node.type === 'file' ? keep(node) : NONE
      if (node.type === 'symlink' && detail === NONE) return false
      const isProgram = node.type === 'file' && node.program !== undefined
      kinds[id] = KINDS.indexOf(node.type) | (isProgram ? PROGRAM : 0) | (kinds[id]! & FILLED)
      modes[id] = node.type === 'symlink' ? 0 : node.mode
      details[id] = detail
      return true
    },
    link(id, target) {
      reserve(id)
      kinds[id] = (kinds[target]! & ~FILLED) | (kinds[id]! & FILLED)
      modes[id] = modes[target]!
      details[id] = details[target]!
    },
    fill(id) {
      reserve(id)
      kinds[id] = (kinds[id]! || KINDS.indexOf('implied')) | FILLED
    },
    isFilled: id => id < kinds.length && (kinds[id]! & FILLED) !== 0,
    *names(folder) {
      const parent = paths.find(folder)
      for (let id = 1; id < paths.size && parent !== NONE; id++) if (paths.parent(id) === parent) yield paths.name(id)
    },
    *below(folder, name) {
      const top = paths.find(folder)
      if (top === NONE) return
      const isBelow = new Uint8Array(paths.size)
      isBelow[top] = 1
      for (let id = top + 1; id < paths.size; id++) {
        if (isBelow[paths.parent(id)] === 0) continue
        isBelow[id] = 1
        if (!tree.isEntry(id)) continue
        if (name === undefined || paths.name(id) === name) yield paths.path(id)
      }
    },
  }
  kinds[ROOT] = KINDS.indexOf('directory')
  modes[ROOT] = 0o755
  return tree
}
