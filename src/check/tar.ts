import { pipeline, Readable } from 'node:stream'
import { extract, type Header as StatedHeader } from 'tar-stream'
import { type ByteString, byteStringOfText } from '../bytes/index.ts'
import { type CheckedEntry, type EntryType, headSize, normalizePath } from './entry.ts'
import { CheckError } from './errors.ts'
import type { ImageCheck } from './image-check.ts'
import { createZeroRuns, type ZeroRuns } from './zero-runs.ts'

/** What a tar archive came to. */
export interface TarSummary {
  readonly entries: number
  /** Bytes of the archive, with all that follows it. */
  readonly size: number
  /** Whether all entries were seen. */
  readonly isWhole: boolean
}

const BLOCK = 512
/** The two blocks of zeros behind the last entry. */
const END = 2 * BLOCK
/** Bytes behind the end that a pipe takes when nobody reads it any more (pipe(7)). */
const PIPE = 64 * 1024

const TYPES: Readonly<Record<string, EntryType>> = {
  file: 'file',
  'contiguous-file': 'file',
  link: 'hardlink',
  symlink: 'symlink',
  directory: 'directory',
  'character-device': 'character-device',
  'block-device': 'block-device',
  fifo: 'fifo',
}

/** A header as it is: the types of tar-stream leave out where the contents begin, and what is not known. */
interface Header extends Omit<StatedHeader, 'type' | 'linkname' | 'pax'> {
  readonly type: string | null
  readonly linkname: string | null
  /** Where the contents begin. */
  readonly byteOffset: number
  readonly pax: Readonly<Record<string, string>> | null
}

/**
 * Shows the entries of a tar archive to `check`, and reports what is wrong with the archive itself. A `CheckError` of
 * `bytes` becomes a finding; other errors of theirs go through.
 */
export async function readTar(bytes: AsyncIterable<Uint8Array>, check: ImageCheck): Promise<TarSummary> {
  const zeros = createZeroRuns()
  const source = bytes[Symbol.asyncIterator]()
  let failure: unknown
  /** The next bytes; none where they end, or fail. */
  const next = async () => {
    try {
      const { value, done } = await source.next()
      if (!done) zeros.push(value)
      return done ? undefined : value
    } catch (error) {
      failure = error
      return undefined
    }
  }
  async function* pull(): AsyncGenerator<Uint8Array> {
    for (let chunk = await next(); chunk !== undefined; chunk = await next()) yield chunk
  }
  // The types do not know that names can be read as bytes; archives older than POSIX have no magic.
  const options: object = { filenameEncoding: 'latin1', allowUnknownFormat: true }
  const reader = extract(options)
  pipeline(Readable.from(pull(), { objectMode: false }), reader, () => {})

  let entries = 0
  let end = 0
  let last: EntryType | undefined
  let fault: Error | undefined
  try {
    for await (const stream of reader) {
      const header = stream.header as unknown as Header
      if (zeros.at(end) && entries > 0) reportSecondArchive(header, end, check)
      end = header.byteOffset + (header.type === 'directory' ? 0 : Math.ceil(header.size / BLOCK) * BLOCK)
      zeros.forget(end)
      const entry = entryOf(header)
      const wanted = entry.type === 'file' ? headSize(normalizePath(entry.path), entry.mode) : 0
      const pieces: Uint8Array[] = []
      let length = 0
      for await (const chunk of stream as AsyncIterable<Uint8Array>) {
        if (length < wanted) pieces.push(chunk.subarray(0, wanted - length))
        length += chunk.length
      }
      entries++
      last = entry.type
      check.entry(wanted > 0 ? { ...entry, head: new Uint8Array(Buffer.concat(pieces)) } : entry)
    }
  } catch (error) {
    fault = error as Error
  }
  // What lies behind is read to its end all the same: for its size, and for what its compression says of it.
  while ((await next()) !== undefined);
  if (failure !== undefined) {
    if (!(failure instanceof CheckError) || failure.code === 'IMAGE_UNREADABLE') throw failure
    check.report(failure.code === 'IMAGE_TRUNCATED' ? 'truncated' : 'corrupt', failure.message)
    return { entries, size: zeros.size, isWhole: false }
  }
  const isWhole = reportEnd({ zeros, end, entries, last, fault }, check)
  return { entries, size: zeros.size, isWhole }
}

function entryOf(header: Header): CheckedEntry {
  const { name, type, mode, uid, gid, linkname } = header
  const pax = header.pax ?? {}
  const path = fromPax(pax['GNU.sparse.name'] ?? pax.path) ?? name
  return {
    path,
    // So do archives older than POSIX say that something is a directory.
    type: type === 'file' && path.endsWith('/') ? 'directory' : (TYPES[type ?? ''] ?? 'other'),
    mode,
    uid: Number(pax.uid ?? uid),
    gid: Number(pax.gid ?? gid),
    ...(linkname && { target: fromPax(pax.linkpath) ?? linkname }),
    pax,
  }
}

function fromPax(text: string | undefined): ByteString | undefined {
  return text === undefined ? undefined : byteStringOfText(text)
}

function reportSecondArchive({ name }: Header, end: number, { report }: ImageCheck): void {
  const message = `comes behind the end of the archive at byte ${end}, where systemd stops: make one archive of them`
  report('trailing-data', message, { path: normalizePath(name), since: 259 })
}

/** Where reading stopped, and why. */
interface Ending {
  readonly zeros: ZeroRuns
  /** Where the contents of the last entry end. */
  readonly end: number
  readonly entries: number
  readonly last: EntryType | undefined
  readonly fault: Error | undefined
}

/** Says how the archive ends; whether all of its entries were seen. */
function reportEnd({ zeros, end, entries, last, fault }: Ending, { report }: ImageCheck): boolean {
  const { size } = zeros
  const run = zeros.at(end)
  if (size === 0) {
    report('truncated', 'is empty')
    return false
  }
  if (run === undefined && size > end && entries === 0) {
    report('corrupt', 'is no tar archive, and compressed in no way that is known')
    return false
  }
  if (run === undefined && fault !== undefined) {
    if (size - end < BLOCK || fault.message === 'Unexpected end of data') {
      report('truncated', `ends in the middle of an entry, at byte ${size} of the tar archive: get the rest of it`)
    } else if (last === 'other') {
      const message = `cannot be read on from byte ${end} of the tar archive, behind an entry of an unknown type`
      report('corrupt', `${message}: sparse files of the old GNU format are such`, { severity: 'warning' })
    } else {
      report('corrupt', `has no header at byte ${end} of the tar archive, where there should be one`)
    }
    return false
  }
  if (run === undefined) {
    report('end', 'does not end with two blocks of zeros: it may be cut off, or made by something odd')
    return true
  }
  const behind = size - run.end
  if (behind > 0) {
    const message = `has ${behind} bytes behind its end at byte ${run.end} of the tar archive: leave them out`
    // Less than a block is passed over.
    if (behind < BLOCK) report('trailing-data', message, { severity: 'warning' })
    else report('trailing-data', `${message} (with pixz: -t)`, behind > PIPE ? {} : { until: 258 })
  } else if (run.end - end < END) {
    report('end', 'ends with one block of zeros, where there should be two', { severity: 'note' })
  }
  if (run.end - end > END + PIPE) {
    const message = `has ${run.end - end} bytes of zeros at its end: write records of 10240 bytes (tar -b 20)`
    report('trailing-zeros', message)
  }
  return true
}
