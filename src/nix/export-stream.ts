/**
 * Reads what `nix-store --export` writes (nix: src/libstore/export-import.cc) as its bytes arrive, in pieces of any
 * size, from a source that is not trusted.
 *
 *     export    = { u64(1) NAR u64(0x4558494e) str(PATH) u64(COUNT) { str(REFERENCE) } str(DERIVER) signature } u64(0)
 *     signature = u64(0) | u64(1) str(…)        the second from old versions of Nix, and of no use: it is passed over
 *     u64, str  = as in a NAR (nar.ts)
 *
 * PATH, REFERENCE and DERIVER are whole store paths; DERIVER may be empty. What a path is called is said behind its NAR,
 * so a caller learns where the NAR was and must look there again.
 *
 * A length is checked before a byte behind it is taken; a path has 100,000 references at most. So no input makes it
 * hold more than that.
 */
import { decodeByteString, readU64le } from '../bytes/index.ts'
import { createHash } from './crypto.ts'
import { messageOf, NixError } from './errors.ts'
import { narHashFromBytes } from './hash.ts'
import { narPadding } from './nar.ts'
import { createEmbeddedNarReader } from './nar-reader.ts'
import type { PathInfo } from './path-info.ts'
import { DEFAULT_STORE_DIR, parseStorePath, type StorePath } from './store-path.ts'

/** A path of an export. `narHash` is the hash of the bytes that were there, for the format states none. */
export interface ExportedPath extends PathInfo {
  /** Bytes of the export before the path's NAR, which has `narSize` bytes. */
  readonly narOffset: number
}

/** An export being read. */
export interface ExportReader {
  /**
   * Takes the next bytes and gives the paths that they complete. Throws `NixError` EXPORT_INVALID with `offset`; after
   * that the reader throws the same again.
   */
  push(chunk: Uint8Array): ExportedPath[]
  /** Says that no more bytes follow. Throws `NixError` EXPORT_TRUNCATED if the export is not complete. */
  end(): void
}

/** Creates a reader for one export of a store in `storeDir`; bytes that follow its end are EXPORT_INVALID. */
export function createExportReader(storeDir: string = DEFAULT_STORE_DIR): ExportReader {
  const longestPath = storeDir.length + 1 + LONGEST_BASE_NAME
  let chunk: Uint8Array = new Uint8Array()
  let at = 0
  // Bytes of the export before `chunk[at]`, the path that they belong to, and what is being read there.
  let offset = 0
  let where = 'path 1'
  let due = ''
  let completed: ExportedPath[] = []
  let failure: unknown
  const reading = readExport()

  // The generators below read the grammar from top to bottom, and yield where they need another chunk.

  function* readExport(): Generator<void, void, undefined> {
    for (let ordinal = 1; yield* readFlag('the mark of a path or of the end'); ordinal++) {
      const nar = yield* readNar()
      if ((yield* readU64('the mark behind the NAR')) !== EXPORT_MAGIC) throw invalid('its mark is another one', 8)
      const path = yield* readPath('its store path')
      const count = yield* readU64('the number of its references')
      if (count > MAX_REFERENCES) throw invalid(`it has more than ${MAX_REFERENCES} references`, 8)
      const references: StorePath[] = []
      for (let i = 1; i <= count; i++) references.push(yield* readPath(`reference ${i} of ${count}`))
      const deriver = yield* readOptionalPath('its deriver')
      if (yield* readFlag('the mark of a signature')) yield* readString('a signature', LONGEST_SIGNATURE)
      completed.push({ path, ...nar, references, ...(deriver !== undefined && { deriver }) })
      where = `path ${ordinal + 1}`
    }
    where = 'behind the last path'
  }

  function* readNar(): Generator<void, Pick<ExportedPath, 'narHash' | 'narSize' | 'narOffset'>, undefined> {
    due = 'its NAR'
    const narOffset = offset
    const reader = createEmbeddedNarReader()
    const hash = createHash('sha256')
    for (;;) {
      const given = chunk.subarray(at)
      try {
        // Nothing is done with the events: iterating them checks the NAR and finds its end.
        for (const _ of reader.push(given)) {
        }
      } catch (cause) {
        const inside = cause instanceof NixError ? (cause.offset ?? 0) : 0
        throw failed('EXPORT_INVALID', messageOf(cause), narOffset + inside, cause)
      }
      const rest = reader.rest()
      const taken = given.length - (rest?.length ?? 0)
      hash.update(given.subarray(0, taken))
      at += taken
      offset += taken
      if (rest !== undefined) {
        return { narHash: narHashFromBytes(hash.digest()), narSize: offset - narOffset, narOffset }
      }
      yield
    }
  }

  function* readFlag(what: string): Generator<void, boolean, undefined> {
    const flag = yield* readU64(what)
    if (flag > 1) throw invalid(`${what} is due, 0 or 1, not ${flag}`, 8)
    return flag === 1
  }

  function* readPath(what: string): Generator<void, StorePath, undefined> {
    const path = yield* readOptionalPath(what)
    if (path === undefined) throw invalid(`${what} is empty`, 8)
    return path
  }

  function* readOptionalPath(what: string): Generator<void, StorePath | undefined, undefined> {
    const bytes = yield* readString(what, longestPath)
    if (bytes.length === 0) return undefined
    try {
      return parseStorePath(decodeByteString(bytes), storeDir)
    } catch (cause) {
      throw invalid(`${what}: ${messageOf(cause)}`, 8 + bytes.length + narPadding(bytes.length), cause)
    }
  }

  function* readString(what: string, longest: number): Generator<void, Uint8Array, undefined> {
    const size = yield* readU64(what)
    if (size > longest) throw invalid(`${what} is due, of at most ${longest} bytes, not a string of ${size}`, 8)
    const padded = yield* take(size + narPadding(size))
    if (padded.subarray(size).some(byte => byte !== 0)) throw invalid('the padding of a string is not zero')
    return padded.subarray(0, size)
  }

  function* readU64(what: string): Generator<void, number, undefined> {
    due = what
    const value = readU64le(yield* take(8), 0)
    if (value === undefined) throw invalid(`${what} begins with a number of 2^53 or more`, 8)
    return value
  }

  function* take(size: number): Generator<void, Uint8Array, undefined> {
    const bytes = new Uint8Array(size)
    for (let filled = 0; ; ) {
      const piece = chunk.subarray(at, at + size - filled)
      bytes.set(piece, filled)
      filled += piece.length
      at += piece.length
      offset += piece.length
      if (filled === size) return bytes
      yield
    }
  }

  /** The error about what begins `back` bytes before the end of what was taken. */
  function invalid(reason: string, back = 0, cause?: unknown): NixError {
    return failed('EXPORT_INVALID', reason, offset - back, cause)
  }

  function failed(code: 'EXPORT_INVALID' | 'EXPORT_TRUNCATED', reason: string, place: number, cause?: unknown) {
    const what = code === 'EXPORT_INVALID' ? 'not a valid export of Nix' : 'the export is not complete'
    return new NixError(code, `${what}: at byte ${place}, ${where}: ${reason}`, { offset: place, cause })
  }

  return {
    push(bytes) {
      if (failure !== undefined) throw failure
      chunk = bytes
      at = 0
      completed = []
      try {
        if (reading.next().done && at < chunk.length) throw invalid(`${chunk.length - at} or more bytes follow its end`)
      } catch (error) {
        failure = error
        throw error
      }
      return completed
    },
    end() {
      if (failure !== undefined) throw failure
      chunk = new Uint8Array()
      at = 0
      if (reading.next().done) return
      failure = failed('EXPORT_TRUNCATED', `it ends before or in ${due}`, offset)
      throw failure
    },
  }
}

const EXPORT_MAGIC = 0x4558494e
/** Digest, `-` and name of a store path. */
const LONGEST_BASE_NAME = 32 + 1 + 211
// Of the old signatures: the base 16 of one made with an RSA key of 16,384 bits.
const LONGEST_SIGNATURE = 4096
const MAX_REFERENCES = 100_000
