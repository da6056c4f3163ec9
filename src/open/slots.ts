/** Memory for unpacked blocks, which threads write into: used again and again, because shared memory is freed late. */

/** Memory that has, or is about to have, one block. */
export interface Slot {
  readonly memory: SharedArrayBuffer
  /** Resolves to how many bytes it is filled with; rejects if that failed. */
  readonly filled: Promise<number>
}

/** Slots of one size. */
export interface Slots {
  /** Whether there is a slot that has what this key stands for, or is being filled with it. */
  has(key: string): boolean
  /** The slot that has what this key stands for, or else one that `fill` fills now. It is the caller's until `release`. */
  take(key: string, fill: (memory: SharedArrayBuffer) => Promise<number>): Slot
  /** Gives a slot back. What it has is kept until its memory is needed. */
  release(slot: Slot): void
}

interface Entry extends Slot {
  key: string | undefined
  filled: Promise<number>
  users: number
}

/** Makes slots of `size` bytes, of which `most` are kept. If more are in use at a time, there are more. */
export function createSlots(size: number, most: number): Slots {
  /** Least recently used first. */
  const entries: Entry[] = []
  return {
    has: key => entries.some(entry => entry.key === key),
    take(key, fill) {
      const known = entries.findIndex(entry => entry.key === key)
      const free = known >= 0 || entries.length < most ? known : entries.findIndex(entry => entry.users === 0)
      const found = free >= 0 ? entries.splice(free, 1)[0] : undefined
      const entry = found ?? {
        memory: new SharedArrayBuffer(size),
        key: undefined,
        filled: Promise.resolve(0),
        users: 0,
      }
      entries.push(entry)
      entry.users++
      if (entry.key === key) return entry
      entry.key = key
      const filled = fill(entry.memory)
      entry.filled = filled
      filled.catch(() => {
        // Unless it is used for another block by now.
        if (entry.filled === filled) entry.key = undefined
      })
      return entry
    },
    release(slot) {
      const at = entries.indexOf(slot as Entry)
      entries[at].users--
      if (entries[at].users === 0 && entries.length > most) entries.splice(at, 1)
    },
  }
}
