/** Bytes of a block of a tar archive. */
const BLOCK = 512

const ZEROS = new Uint8Array(BLOCK)

/** Where whole blocks of zeros lie one after the other, in bytes from the start. */
export interface ZeroRun {
  readonly start: number
  readonly end: number
}

/** Finds the zeros of a tar archive that passes, as far as they may be its end. */
export interface ZeroRuns {
  /** Bytes so far. */
  readonly size: number
  push(bytes: Uint8Array): void
  /** The zeros from `offset` on, a multiple of 512; `undefined` if there are none. */
  at(offset: number): ZeroRun | undefined
  /** Says that nobody will ask for an earlier offset than this. */
  forget(offset: number): void
}

/** Begins with no bytes. Of what is at the very end, less than a block counts as one. */
export function createZeroRuns(): ZeroRuns {
  const runs: { start: number; end: number }[] = []
  let needed = 0
  let size = 0
  /** Whether the block that is begun holds zeros only. */
  let isZero = true
  const extend = (start: number) => {
    const last = runs.at(-1)
    if (last?.end === start) last.end = start + BLOCK
    else if (start + BLOCK > needed) runs.push({ start, end: start + BLOCK })
  }
  return {
    get size() {
      return size
    },
    push(bytes) {
      for (let at = 0; at < bytes.length; ) {
        const inBlock = size % BLOCK
        const part = bytes.subarray(at, at + BLOCK - inBlock)
        isZero &&= part[0] === 0 && Buffer.compare(part, ZEROS.subarray(0, part.length)) === 0
        at += part.length
        size += part.length
        if (size % BLOCK !== 0) continue
        if (isZero) extend(size - BLOCK)
        isZero = true
      }
    },
    at(offset) {
      const rest = size % BLOCK
      const run = runs.find(({ start, end }) => start <= offset && offset < end)
      const end = run?.end ?? offset
      if (rest > 0 && isZero && end === size - rest) return { start: offset, end: size }
      return run && { start: offset, end }
    },
    forget(offset) {
      needed = offset
      while (runs.length > 0 && runs[0]!.end <= offset) runs.shift()
    },
  }
}
