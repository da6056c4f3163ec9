/**
 * Paths as a tree, in flat arrays: a path is a number, under which its folder, its name and the first path with the same
 * hash are written down. A million paths take 50 MB; as strings in a `Map` they took 400. Each name is written down once.
 *
 * The hash is a polynomial over the bytes of a name at a secret place (Carter and Wegman): no archive can be made so that
 * many of its names fall together.
 */
import { randomInt } from 'node:crypto'
import { type ByteString, EMPTY, joinNames } from '../bytes/index.ts'
import { growingMemory, reserveMemory } from './growing.ts'
import { createTextStore } from './text-store.ts'

/** The path that all others lie below: ''. */
export const ROOT = 0
/** Stands for no path. */
export const NONE = -1

/** Paths by number, from {@link ROOT}. A folder has a lower number than what lies in it. */
export interface PathTable {
  /** How many there are, the root counted. */
  readonly size: number
  /** The number of a path, or {@link NONE}. */
  find(path: ByteString): number
  /** The number of the deepest folder of a path that there is, itself not counted. */
  findFolder(path: ByteString): number
  /** The number of a path, which is added with its folders if need be; {@link NONE} if there is no room. */
  add(path: ByteString): number
  /** The folder that a path lies in; {@link NONE} for the root. */
  parent(id: number): number
  name(id: number): ByteString
  path(id: number): ByteString
}

/** A prime: hashes are below it. */
const PRIME = 2 ** 31 - 1
/** Places to compute polynomials at: with these, no product outgrows 53 bits. */
const POINTS = 2 ** 22
/** Slots for hashes in the beginning. */
const CAPACITY = 1024

/** Makes a table of at most `pathsMax` paths whose names have at most `namesMax` bytes. */
export function createPathTable(limits: { readonly pathsMax: number; readonly namesMax: number }): PathTable {
  const names = createTextStore(limits.namesMax)
  const point = randomInt(2, POINTS)
  const factor = randomInt(2 ** 31) * 2 + 1
  const memories = Array.from({ length: 4 }, () => growingMemory(4 * limits.pathsMax))
  const [parents, texts, hashes, followers] = memories.map(memory => new Int32Array(memory))
  parents[ROOT] = NONE
  /** The last path added with a hash, by its upper bits. */
  let slots = new Int32Array(CAPACITY).fill(NONE)
  let shift = 32 - Math.log2(CAPACITY)
  let size = 1

  /** Three bytes at a time; the folder stands in front of them. */
  function hash(folder: number, path: ByteString, start: number, end: number): number {
    let value = folder + 1
    let at = start
    for (; at + 2 < end; at += 3) {
      const bytes = path.charCodeAt(at) * 65_536 + path.charCodeAt(at + 1) * 256 + path.charCodeAt(at + 2)
      value = (value * point + bytes) % PRIME
    }
    for (; at < end; at++) value = (value * point + path.charCodeAt(at) + 1) % PRIME
    return Math.imul(value, factor)
  }

  function look(folder: number, path: ByteString, start: number, end: number, code: number): number {
    for (let id = slots[code >>> shift]!; id !== NONE; id = followers[id]!) {
      if (hashes[id] === code && parents[id] === folder && names.isEqual(texts[id]!, path, start, end)) return id
    }
    return NONE
  }

  function growSlots(): void {
    slots = new Int32Array(slots.length * 2).fill(NONE)
    shift--
    for (let id = 1; id < size; id++) link(id)
  }

  function link(id: number): void {
    const slot = hashes[id]! >>> shift
    followers[id] = slots[slot]!
    slots[slot] = id
  }

  function make(folder: number, path: ByteString, start: number, end: number, code: number): number {
    if (size === limits.pathsMax) return NONE
    const text = names.add(path, start, end)
    if (text === NONE) return NONE
    for (const memory of memories) reserveMemory(memory, 4 * (size + 1))
    if (size === slots.length) growSlots()
    const id = size++
    parents[id] = folder
    texts[id] = text
    hashes[id] = code
    link(id)
    return id
  }

  /** Goes from folder to folder. */
  function walk(path: ByteString, isAdded: boolean): number {
    let id = ROOT
    for (let start = 0; start < path.length && id !== NONE; ) {
      const slash = path.indexOf('/', start)
      const end = slash === -1 ? path.length : slash
      const code = hash(id, path, start, end)
      const found = look(id, path, start, end, code)
      id = found === NONE && isAdded ? make(id, path, start, end, code) : found
      start = end + 1
    }
    return id
  }

  return {
    get size() {
      return size
    },
    findFolder(path) {
      let folder = ROOT
      for (let start = 0, end = path.indexOf('/'); end !== -1; start = end + 1, end = path.indexOf('/', start)) {
        const id = look(folder, path, start, end, hash(folder, path, start, end))
        if (id === NONE) break
        folder = id
      }
      return folder
    },
    find: path => walk(path, false),
    add: path => walk(path, true),
    parent: id => parents[id]!,
    name: id => (id === ROOT ? EMPTY : names.read(texts[id]!)),
    path(id) {
      const parts: ByteString[] = []
      for (let at = id; at > ROOT; at = parents[at]!) parts.push(names.read(texts[at]!))
      return joinNames(parts.reverse())
    },
  }
}
