/**
 * Writes a NAR (grammar: nar.ts) and refuses what no NAR may hold. How deep directories nest it does not mind:
 * every Nix before 2.36 made such paths, and their hashes are what they are.
 */
import { type ByteString, decodeText, EMPTY, joinNames, writeByteString } from '../bytes/index.ts'
import { NixError, quote } from './errors.ts'
import { encodeNarStrings, NAR_MAX_NAME, narNameProblem, narPadding, narTargetProblem } from './nar.ts'

/**
 * A NAR being written: one node, then `end`. A node is one of `symlink`; `regular` and its `data`; `directory`, for
 * each child `entry` and a node, `endDirectory`. Each throws `NixError` NAR_INVALID, with `path`, where the call has no
 * place or breaks a rule of the format; the writer cannot be used any more then.
 */
export interface NarWriter {
  directory(): void
  /** Names the node that follows. The names of a directory must rise bytewise. */
  entry(name: ByteString): void
  endDirectory(): void
  symlink(target: ByteString): void
  /** Begins a file of exactly `size` bytes, which `data` then gives; an empty file is complete at once. */
  regular(executable: boolean, size: number): void
  /** Gives the next bytes of the file. The last of them complete it: there is no call that ends a file. */
  data(bytes: Uint8Array): void
  /** Says that the NAR is complete, and emits what is left. */
  end(): void
}

/**
 * Creates a writer that passes the NAR to `emit` in pieces. `emit` must have used a piece when it returns: the writer
 * writes over it, or it belongs to the caller of `data`.
 */
export function createNarWriter(emit: (bytes: Uint8Array) => void): NarWriter {
  const scratch = new Uint8Array(SCRATCH_SIZE)
  const view = new DataView(scratch.buffer)
  let filled = 0

  let awaits: 'node' | 'entry' | 'data' | 'end' | 'nothing' = 'node'
  let left = 0
  let padding = 0
  // For each open directory the name of its last entry: together the path, and what the next name must exceed.
  const names: ByteString[] = []

  function flush(): void {
    if (filled === 0) return
    emit(scratch.subarray(0, filled))
    filled = 0
  }

  function reserve(size: number): void {
    if (filled + size > SCRATCH_SIZE) flush()
  }

  function writeToken(token: Uint8Array): void {
    scratch.set(token, filled)
    filled += token.length
  }

  function writeU64(value: number): void {
    view.setUint32(filled, value % 0x1_0000_0000, true)
    view.setUint32(filled + 4, Math.floor(value / 0x1_0000_0000), true)
    filled += 8
  }

  function writeZeros(count: number): void {
    for (let i = 0; i < count; i++) scratch[filled++] = 0
  }

  function writeString(string: ByteString): void {
    writeU64(string.length)
    filled = writeByteString(scratch, filled, string)
    writeZeros(narPadding(string.length))
  }

  function closeNode(): void {
    writeToken(names.length === 0 ? CLOSE : CLOSE_WITH_ENTRY)
    awaits = names.length === 0 ? 'end' : 'entry'
  }

  function closeRegular(): void {
    reserve(MAX_FRAMING)
    writeZeros(padding)
    closeNode()
  }

  function expect(wanted: typeof awaits, call: string): void {
    if (awaits !== wanted) throw invalid(`${call} has no place here: ${describe()}`)
  }

  function describe(): string {
    if (awaits === 'data') return `the file lacks ${left} bytes of data`
    if (awaits === 'node') return 'a directory, symlink or regular file is due'
    if (awaits === 'entry') return 'an entry or the end of the directory is due'
    return awaits === 'end' ? 'the NAR is complete, only end is due' : 'end was called'
  }

  function invalid(reason: string): NixError {
    // Between two entries the last name belongs to a node that is complete.
    const path = joinNames(awaits === 'entry' ? names.slice(0, -1) : names)
    return new NixError('NAR_INVALID', `cannot write the NAR: in ${quote(`/${decodeText(path)}`)}: ${reason}`, {
      path,
    })
  }

  writeToken(MAGIC)

  return {
    directory() {
      expect('node', 'a directory')
      reserve(MAX_FRAMING)
      writeToken(DIRECTORY)
      names.push(EMPTY)
      awaits = 'entry'
    },
    entry(name) {
      expect('entry', 'an entry')
      const problem = narNameProblem(name)
      if (problem !== undefined) throw invalid(`${problem}: ${quote(name)}`)
      const last = names[names.length - 1]
      if (name <= last) {
        const [before, after] = [quote(decodeText(last)), quote(decodeText(name))]
        throw invalid(`names must rise bytewise, but ${after} follows ${before}`)
      }
      reserve(MAX_FRAMING)
      writeToken(ENTRY)
      writeString(name)
      writeToken(NODE)
      names[names.length - 1] = name
      awaits = 'node'
    },
    endDirectory() {
      expect('entry', 'the end of a directory')
      names.pop()
      reserve(MAX_FRAMING)
      closeNode()
    },
    symlink(target) {
      expect('node', 'a symlink')
      const problem = narTargetProblem(target)
      if (problem !== undefined) throw invalid(problem)
      reserve(MAX_FRAMING + target.length)
      writeToken(SYMLINK)
      writeString(target)
      closeNode()
    },
    regular(executable, size) {
      expect('node', 'a regular file')
      if (!Number.isSafeInteger(size) || size < 0)
        throw invalid(`a file size is a whole number below 2^53, not ${size}`)
      reserve(MAX_FRAMING)
      writeToken(executable ? EXECUTABLE : REGULAR)
      writeU64(size)
      left = size
      padding = narPadding(size)
      awaits = 'data'
      if (size === 0) closeRegular()
    },
    data(bytes) {
      if (bytes.length === 0) return
      expect('data', 'data')
      if (bytes.length > left) throw invalid(`the file gets ${bytes.length - left} bytes more than its size`)
      // Not copied, even if small: that would save 0.1 microseconds a file where the hash of 1 kB takes 0.6 (measured).
      flush()
      emit(bytes)
      left -= bytes.length
      if (left === 0) closeRegular()
    },
    end() {
      expect('end', 'the end of the NAR')
      flush()
      awaits = 'nothing'
    },
  }
}

const MAGIC = encodeNarStrings('nix-archive-1')
const DIRECTORY = encodeNarStrings('(', 'type', 'directory')
const SYMLINK = encodeNarStrings('(', 'type', 'symlink', 'target')
const REGULAR = encodeNarStrings('(', 'type', 'regular', 'contents')
const EXECUTABLE = encodeNarStrings('(', 'type', 'regular', 'executable', '', 'contents')
const CLOSE = encodeNarStrings(')')
const CLOSE_WITH_ENTRY = encodeNarStrings(')', ')')
const ENTRY = encodeNarStrings('entry', '(', 'name')
const NODE = encodeNarStrings('node')

const SCRATCH_SIZE = 64 * 1024
// More than any one call writes besides a symlink's target.
const MAX_FRAMING = EXECUTABLE.length + ENTRY.length + NODE.length + NAR_MAX_NAME + 64
