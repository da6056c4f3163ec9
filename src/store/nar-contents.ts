import type { Hash } from 'node:crypto'
import { NarFileError } from '../nar-file/index.ts'
import {
  type ContentCheck,
  createNarReader,
  type NarEvent,
  type NarHash,
  NixError,
  narHashFromBytes,
  type StorePath,
} from '../nix/index.ts'
import { createContentChecker } from './content-checker.ts'
import type { ContentsSink } from './contents.ts'

/** The store path of a NAR and its place, for errors. */
export interface NarOrigin {
  readonly path: StorePath
  readonly url: string
}

/**
 * Reads a NAR into `sink`, holding its contents against `check`. Throws `NarFileError` NAR_FILE_CORRUPT for what is no
 * NAR, CONTENT_MISMATCH, and what `nar` throws.
 */
export async function readNarContents(
  nar: AsyncIterable<Uint8Array>,
  origin: NarOrigin,
  sink: ContentsSink,
  check?: ContentCheck,
): Promise<void> {
  const reader = createNarReader()
  const checker = check && (await createContentChecker(origin.path, check))
  for await (const chunk of nar) {
    checker?.bytes(chunk)
    blameNar(origin, () => {
      for (const event of reader.push(chunk)) {
        checker?.event(event)
        passOn(event, sink)
      }
    })
  }
  blameNar(origin, () => reader.end())
  const problem = checker?.problem()
  if (problem !== undefined) throw new NarFileError('CONTENT_MISMATCH', origin.path.path, origin.url, problem)
}

/** Runs what reads a NAR; errors in the NAR name the file. */
export function blameNar(origin: NarOrigin, read: () => void): void {
  try {
    read()
  } catch (error) {
    if (!(error instanceof NixError)) throw error
    throw new NarFileError('NAR_FILE_CORRUPT', origin.path.path, origin.url, error.message, { cause: error })
  }
}

function passOn(event: NarEvent, sink: ContentsSink): void {
  if (event.type === 'data') copy(event.bytes, sink)
  else if (event.type === 'entry') sink.entry(event.name)
  else if (event.type === 'regular') sink.regular(event.executable, event.size)
  else if (event.type === 'symlink') sink.symlink(event.target)
  else if (event.type === 'directory') sink.directory()
  else if (event.type === 'end-directory') sink.endDirectory()
}

function copy(bytes: Uint8Array, sink: ContentsSink): void {
  for (let at = 0; at < bytes.length; ) {
    const room = sink.room()
    const part = bytes.subarray(at, at + room.length)
    room.set(part)
    sink.advance(part.length)
    at += part.length
  }
}

/** Throws `NarFileError` NAR_FILE_MISMATCH for a NAR whose bytes have another hash than is expected. */
export function checkNarHash(hash: Hash, narHash: NarHash, { path, url }: NarOrigin): void {
  const found = narHashFromBytes(hash.digest())
  if (found === narHash) return
  const reason = `holds a NAR of the hash ${found}, not ${narHash}: the file was changed or is damaged`
  throw new NarFileError('NAR_FILE_MISMATCH', path.path, url, reason)
}
