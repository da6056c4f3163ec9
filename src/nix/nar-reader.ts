/**
 * Reads a NAR (grammar: nar.ts) as its bytes arrive, in pieces of any size, from a source that is not trusted.
 *
 * It keeps one string of the framing at most (4,095 bytes, a symlink target) and the names above the node it is in
 * (64 x 255 bytes, twice). A length is checked before a byte behind it is taken, so no input makes it hold more.
 */
import { type ByteString, decodeByteString, decodeText, EMPTY, joinNames } from '../bytes/index.ts'
import { NixError, quote } from './errors.ts'
import { NAR_MAX_DEPTH, NAR_MAX_TARGET, narNameProblem, narPadding, narTargetProblem } from './nar.ts'
import { CLOSE, DIRECTORY, EXECUTABLE, LONGEST, type Step, TOKENS, type Token, type TokenStep } from './nar-tokens.ts'

/**
 * The contents of a NAR, in its order. The root is a node: `regular` to `end-regular`, `symlink`, or `directory` to
 * `end-directory`; in a directory each `entry` is followed by the node of that name.
 */
export type NarEvent =
  | { readonly type: 'directory' }
  | { readonly type: 'entry'; readonly name: ByteString }
  | { readonly type: 'end-directory' }
  | { readonly type: 'symlink'; readonly target: ByteString }
  /** `size` bytes follow as any number of `data` events (none if it is 0). */
  | { readonly type: 'regular'; readonly executable: boolean; readonly size: number }
  /** A piece of the chunk pushed, not a copy: valid until the next push. */
  | { readonly type: 'data'; readonly bytes: Uint8Array }
  | { readonly type: 'end-regular' }

/** A NAR being read. */
export interface NarReader {
  /**
   * Takes the next bytes and gives the events that they complete. Iterate to the end before the next `push` or `end`:
   * otherwise those throw `TypeError`. Throws `NixError` NAR_INVALID, with `offset` and `path`, from the iteration;
   * after that the reader throws the same again.
   */
  push(chunk: Uint8Array): Iterable<NarEvent>
  /** Says that no more bytes follow. Throws `NixError` NAR_TRUNCATED if the NAR is not complete. */
  end(): void
}

/** A NAR being read out of a stream that goes on behind it: there `push` stops at the NAR's end. */
export interface EmbeddedNarReader extends NarReader {
  /** The bytes behind the NAR in the last chunk, not a copy; `undefined` while the NAR is not complete. */
  rest(): Uint8Array | undefined
}

/** Creates a reader for one NAR; bytes that follow its end are NAR_INVALID. */
export function createNarReader(): NarReader {
  return createReader(false)
}

/** Creates a reader for one NAR that other bytes may follow. */
export function createEmbeddedNarReader(): EmbeddedNarReader {
  return createReader(true)
}

function createReader(embedded: boolean): EmbeddedNarReader {
  let step: Step = 'magic'
  let executable = false
  let failure: unknown
  let busy = false

  // The names from the root to the node being read, and the last name of each directory that is open.
  const path: ByteString[] = []
  const lastNames: ByteString[] = []

  // The piece being taken: where it begins in the NAR, its first bytes if it began in an earlier chunk, and once it is
  // whole, where it lies. `length` is that of the string whose length field has been taken, or -1.
  let offset = 0
  const carry = new Uint8Array(LONGEST_STRING)
  let carried = 0
  let source = carry
  let sourceAt = 0
  let length = -1
  // Of the file being read: the bytes that are to come, and the zeros behind them.
  let left = 0
  let padding = 0

  let chunk = carry
  let at = 0

  function* parse(): Generator<NarEvent, void, undefined> {
    try {
      while (at < chunk.length || length >= 0 || step === 'data' || step === 'padding') {
        if (step === 'done') {
          if (embedded) break
          throw invalid(`${chunk.length - at} or more bytes follow its end`)
        }
        if (step === 'size') {
          if (!take(8)) break
          left = u64At(source, sourceAt)
          if (left < 0) throw invalid('a file size is 2^53 or more', 8)
          padding = narPadding(left)
          step = 'data'
          yield { type: 'regular', executable, size: left }
          executable = false
        } else if (step === 'data') {
          if (left === 0) {
            step = 'padding'
          } else {
            const bytes = chunk.subarray(at, at + Math.min(left, chunk.length - at))
            if (bytes.length === 0) break
            at += bytes.length
            offset += bytes.length
            left -= bytes.length
            yield { type: 'data', bytes }
          }
        } else if (step === 'padding') {
          if (!take(padding)) break
          checkZeros(0, padding)
          step = 'close'
          yield END_REGULAR
        } else {
          if (!takeString()) break
          const event = step === 'name' ? readName() : step === 'target' ? readTarget() : readToken(step)
          length = -1
          if (event) yield event
        }
      }
      busy = false
    } catch (error) {
      failure = error
      throw error
    }
  }

  function readName(): NarEvent {
    const name = takenText()
    enter(name)
    step = 'node-key'
    return { type: 'entry', name }
  }

  function readTarget(): NarEvent {
    const target = takenText()
    const problem = narTargetProblem(target)
    if (problem !== undefined) throw invalid(problem, stringSize(length))
    step = 'close'
    return { type: 'symlink', target }
  }

  function readToken(at: TokenStep): NarEvent | undefined {
    const token = takenToken(TOKENS[at])
    step = token.next
    if (token === DIRECTORY) {
      lastNames.push(EMPTY)
      return BEGIN_DIRECTORY
    }
    if (token === EXECUTABLE) executable = true
    if (token !== CLOSE) return undefined
    if (at === 'entry-close') {
      path.pop()
      step = 'directory'
      return undefined
    }
    step = path.length === 0 ? 'done' : 'entry-close'
    // A directory ends with the `)` of its node, which stands where an entry might.
    if (at !== 'directory') return undefined
    lastNames.pop()
    return END_DIRECTORY
  }

  /** Takes the next `size` bytes as {@link source}; false if the chunk ends before them (it is then used up). */
  function take(size: number): boolean {
    const here = Math.min(size - carried, chunk.length - at)
    source = chunk
    sourceAt = at
    at += here
    if (here < size) {
      carry.set(chunk.subarray(sourceAt, at), carried)
      carried += here
      if (carried < size) return false
      source = carry
      sourceAt = 0
      carried = 0
    }
    offset += size
    return true
  }

  /** Takes a string with its padding, whose length the step allows; false as {@link take}. */
  function takeString(): boolean {
    if (length < 0) {
      if (!take(8)) return false
      const stated = u64At(source, sourceAt)
      const longest = LONGEST[step]
      if (stated < 0 || stated > longest) {
        const size = stated < 0 ? '2^53 or more' : String(stated)
        throw invalid(`${expected()} is due, of at most ${longest} bytes, not a string of ${size}`, 8)
      }
      length = stated
    }
    const padded = length + narPadding(length)
    if (!take(padded)) return false
    checkZeros(length, padded)
    return true
  }

  function takenText(): ByteString {
    return decodeByteString(source, sourceAt, sourceAt + length)
  }

  function takenToken(tokens: readonly Token[]): Token {
    for (const token of tokens) {
      if (token.bytes.length !== length) continue
      let i = 0
      while (i < length && token.bytes[i] === source[sourceAt + i]) i++
      if (i === length) return token
    }
    throw invalid(`it holds ${quote(decodeText(takenText()))} in place of ${expected()}`, stringSize(length))
  }

  function checkZeros(from: number, to: number): void {
    for (let i = from; i < to; i++) {
      if (source[sourceAt + i] !== 0) throw invalid('the padding of a string is not zero', to - i)
    }
  }

  function enter(name: ByteString): void {
    const problem = narNameProblem(name)
    if (problem !== undefined) throw invalid(`${problem}: ${quote(decodeText(name))}`, stringSize(length))
    const last = lastNames[lastNames.length - 1]
    if (name <= last) {
      const [before, after] = [quote(decodeText(last)), quote(decodeText(name))]
      throw invalid(`names rise bytewise, but ${after} follows ${before}`, stringSize(length))
    }
    if (path.length + 1 >= NAR_MAX_DEPTH) {
      throw invalid(`directories are nested at most ${NAR_MAX_DEPTH - 1} deep`, stringSize(length))
    }
    lastNames[lastNames.length - 1] = name
    path.push(name)
  }

  function expected(): string {
    if (step === 'name' || step === 'target') return `a ${step}`
    if (step === 'size' || step === 'data' || step === 'padding') return 'file contents'
    if (step === 'done') return 'its end'
    return TOKENS[step].map(token => quote(token.text)).join(' or ')
  }

  /** The error about what begins `back` bytes before the end of what was taken. */
  function invalid(reason: string, back = 0): NixError {
    return failed('NAR_INVALID', 'not a valid NAR', reason, offset - back)
  }

  function failed(code: 'NAR_INVALID' | 'NAR_TRUNCATED', what: string, reason: string, place: number): NixError {
    const inside = joinNames(path)
    const where = `at byte ${place}, in ${quote(`/${decodeText(inside)}`)}`
    return new NixError(code, `${what}: ${where}: ${reason}`, { offset: place, path: inside })
  }

  function checkUsable(): void {
    if (failure !== undefined) throw failure
    if (busy) throw new TypeError('iterate the events of a push to their end before the next push or end')
  }

  return {
    push(bytes) {
      checkUsable()
      busy = true
      chunk = bytes as Uint8Array<ArrayBuffer>
      at = 0
      return parse()
    },
    end() {
      checkUsable()
      if (step === 'done') return
      failure = failed('NAR_TRUNCATED', 'the NAR is not complete', `it ends before ${expected()}`, offset + carried)
      throw failure
    },
    rest() {
      checkUsable()
      return step === 'done' ? chunk.subarray(at) : undefined
    },
  }
}

const BEGIN_DIRECTORY: NarEvent = { type: 'directory' }
const END_DIRECTORY: NarEvent = { type: 'end-directory' }
const END_REGULAR: NarEvent = { type: 'end-regular' }

const LONGEST_STRING = NAR_MAX_TARGET + narPadding(NAR_MAX_TARGET)

function stringSize(length: number): number {
  return 8 + length + narPadding(length)
}

/** Reads 64 bits; -1 for 2^53 and more. Unlike readU64le it makes no view and no bigint: there are ten per entry. */
function u64At(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0
  const high = (bytes[at + 4] | (bytes[at + 5] << 8) | (bytes[at + 6] << 16) | (bytes[at + 7] << 24)) >>> 0
  return high > 0x1f_ffff ? -1 : high * 0x1_0000_0000 + low
}
