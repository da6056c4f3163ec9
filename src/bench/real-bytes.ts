/**
 * Bytes to make files of, found on every machine: those of Node and its libraries. Most of them are code and its tables. Some
 * are text, such as the JavaScript in Node; what zlib makes of that stands for compressed files.
 */
import { existsSync, readFileSync } from 'node:fs'
import { deflateSync } from 'node:zlib'

/** Kinds of file contents. */
export const KINDS = ['code', 'text', 'packed'] as const

export type Kind = (typeof KINDS)[number]

/** Bytes without an end: after the last one, the first comes again. */
export interface Tape {
  /** Bytes until they repeat. */
  readonly size: number
  read(at: number, size: number): Buffer
}

/** The tapes of this machine, which are read once. Throws what the system throws. */
export function openTapes(): Record<Kind, Tape> {
  tapes ??= readTapes()
  return tapes
}

let tapes: Record<Kind, Tape> | undefined

function readTapes(): Record<Kind, Tape> {
  const code: Buffer[] = []
  const text: Buffer[] = []
  for (const file of listLibraries()) {
    for (const piece of splitUp(readFileSync(file))) (isText(piece) ? text : code).push(piece)
  }
  // Where Node has no symbols, it has too little text.
  text.push(...code.slice(0, Math.max(0, TEXT_MIN - text.length)))
  const packed = splitUp(deflateSync(Buffer.concat(text), { level: 1 }))
  return { code: createTape(code), text: createTape(text), packed: createTape(packed) }
}

/** Pieces of text. They make 16 MiB: a compressor that looks back less far does not see that they come again. */
const TEXT_MIN = 16

/** The program that runs, and the libraries it has loaded: where Node is built with a shared library, most of it is there. */
function listLibraries(): string[] {
  // Looking up names of network addresses takes seconds where there is no DNS.
  Object.assign(process.report, { excludeNetwork: true })
  const { sharedObjects } = process.report.getReport() as unknown as { sharedObjects: string[] }
  return [...new Set([process.execPath, ...sharedObjects])].filter(file => existsSync(file))
}

/** In smaller pieces, code would compress less than in the files of linkers: by 9 % with 64 KiB. */
const PIECE_SIZE = 1 << 20

function splitUp(bytes: Buffer): Buffer[] {
  const count = Math.floor(bytes.length / PIECE_SIZE)
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * PIECE_SIZE, (i + 1) * PIECE_SIZE))
}

/** Whether nearly all bytes are printable, as in sources and in names of symbols. One in 16 is looked at. */
function isText(piece: Buffer): boolean {
  let others = 0
  for (let at = 0; at < PIECE_SIZE; at += 16) {
    const byte = piece[at]!
    if (byte < 0x20 ? byte !== 0x0a : byte >= 0x7f) others++
  }
  return others < 0.03 * (PIECE_SIZE / 16)
}

/**
 * Gives pieces in an order in which neighbours come from far apart, so that a short stretch is like the whole. No piece comes
 * again before all others have come.
 */
function createTape(pieces: readonly Buffer[]): Tape {
  const count = pieces.length
  let step = Math.ceil(count * 0.618)
  while (greatestDivisor(step, count) > 1) step++
  return {
    size: count * PIECE_SIZE,
    read(at, size) {
      const bytes = Buffer.alloc(size)
      for (let done = 0; done < size; ) {
        const index = Math.floor((at + done) / PIECE_SIZE)
        done += pieces[(index * step) % count]!.copy(bytes, done, (at + done) % PIECE_SIZE)
      }
      return bytes
    },
  }
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b)
}
