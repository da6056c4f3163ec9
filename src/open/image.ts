import { type Check, listOf, objectOf, text, wholeNumber, withMethods } from '../arguments.ts'
import { type ByteString, decodeText, encodeText } from '../bytes/index.ts'
import type { ImageSource } from '../image-source/index.ts'
import { OpenError, type OpenErrorCode } from '../image-source/index.ts'
import type { ImageManifest, ManifestBlock } from '../manifest/index.ts'
import { REGISTRATION_FILE, readStoredPaths, type StoredPath } from '../stored-paths.ts'
import type { DetectedCompression } from '../unpack/index.ts'
import { chosenBy } from './choice.ts'
import { createFinder, type MemberOptions } from './finder.ts'
import { createFullLookup, createSegmentLookup, rangesOf, rangesWithout, storePathOf } from './lookup.ts'
import { impliedDirectory } from './member-table.ts'
import { type ImageMember, type MemberInPlace, readMembers, type TarRange } from './members.ts'
import type { TarBytes } from './tar-bytes.ts'
import { type VerifiedPath, verifyStorePaths } from './verify.ts'

/** An image that was opened. What reads it throws `OpenError` OPEN_CORRUPT where it is damaged. */
export interface OpenedImage extends AsyncDisposable {
  /** Its path, or its URL without a password, for messages; `the image` for one that is read by an object. */
  readonly name: string
  /** Bytes of the file. */
  readonly size: number
  /** Bytes of the file that were read so far, those again that were read again. */
  readonly bytesRead: number
  readonly compression: DetectedCompression
  /** Whether parts of it are read without all that is in front of them. */
  readonly isSeekable: boolean
  /** The manifest, if there is one. */
  readonly manifest?: ImageManifest
  /** Bytes of the tar in it; absent where only unpacking it would tell. */
  readonly tarSize?: number
  /** The parts of the file that are unpacked on their own, in order: the blocks of an .xz that can seek. Else none. */
  readonly blocks: readonly ManifestBlock[]
  /**
   * All entries in their order, or those below a directory. None of them is kept. Contents are passed over: of an .xz that can
   * seek, the checks of blocks are not verified.
   */
  members(options?: MembersOptions): AsyncGenerator<ImageMember>
  /**
   * Entries in their order with their contents, which are read as they are come by: all, or those at some paths and below
   * them. Symlinks on the way to a path are followed, but not one at its end. Throws `OpenError` ENTRY_MISSING.
   */
  walk(options?: WalkOptions): AsyncGenerator<MemberInPlace>
  /** The entry at a path, symlinks on the way followed as in the machine; `undefined` if there is none. */
  member(path: string, options?: MemberOptions): Promise<ImageMember | undefined>
  /**
   * The contents of a file, by its path or its entry in this image; symlinks and hard links are followed. The pieces are the
   * caller's. Throws `OpenError` ENTRY_MISSING and ENTRY_WITHOUT_CONTENTS.
   */
  contents(file: string | ImageMember): AsyncGenerator<Uint8Array<ArrayBuffer>>
  /** Its store paths, by the manifest, or else by the registration in the image. Throws `OpenError` ENTRY_MISSING. */
  storePaths(): Promise<readonly StoredPath[]>
  /** Reads all of the image, and compares each store path with its NAR hash in the registration. */
  verify(): AsyncGenerator<VerifiedPath>
  /** Ends all reading. No thread, connection or file is left open when it resolves. */
  close(): Promise<void>
}

/** Which entries to go through. */
export interface MembersOptions {
  /** A directory; symlinks on the way to it are followed. Default: the root, which has an entry in some images. */
  readonly below?: string
  /** How many names there may be behind those of the directory. Default: any number. */
  readonly depth?: number
}

/** Which entries to go through with their contents. */
export interface WalkOptions {
  /** Default: all. */
  readonly paths?: readonly string[]
  /** Store paths that are left out. With a manifest, they are not read, if the image can seek. Default: none. */
  readonly except?: ReadonlySet<string>
}

/** What an image is made of. */
export interface ImageParts {
  readonly source: ImageSource
  readonly compression: DetectedCompression
  readonly tar: TarBytes
  readonly manifest: ImageManifest | undefined
  readonly signal: AbortSignal
  readonly close: () => Promise<void>
}

const depthOrAny: Check = (value, name) => value === Number.POSITIVE_INFINITY || wholeNumber(0)(value, name)
const checkMembersOptions = objectOf({ below: text, depth: depthOrAny })
const checkWalkOptions = objectOf({ paths: listOf(text), except: withMethods('has') })

/** Makes an image of its parts. */
export function createImage({ source, compression, tar, manifest, signal, close }: ImageParts): OpenedImage {
  const { name } = source
  // Where nothing can be skipped, one walk finds everything.
  const layout = tar.isSeekable ? manifest : undefined
  const lookup = layout ? createSegmentLookup(tar, name, layout) : createFullLookup(tar, name)
  const { resolve, find, fileOf } = createFinder(lookup, name, signal)
  const fail = (code: OpenErrorCode, what: string) => new OpenError(code, name, what)

  async function* all(
    ranges: readonly TarRange[] = [{ start: 0 }],
    onlyHeaders = false,
  ): AsyncGenerator<MemberInPlace> {
    signal.throwIfAborted()
    for (const range of ranges) {
      for await (const found of readMembers(tar, name, range, { onlyHeaders })) {
        signal.throwIfAborted()
        yield found
      }
    }
  }

  async function* members(options: MembersOptions = {}) {
    checkMembersOptions(options, 'options')
    const { below = '/', depth = Number.POSITIVE_INFINITY } = options
    const { path, node } = await resolve(encodeText(below))
    if (node?.type !== 'directory') throw fail('ENTRY_MISSING', `has no directory at ${below}`)
    const base = path === '' ? 0 : path.length + 1
    for await (const { member } of all(await lookup.rangesBelow(path, depth), true)) {
      if (path !== '' && !member.path.startsWith(`${path}/`)) continue
      if (isWithin(member.path, base, depth)) yield member
    }
  }

  async function* walk(options: WalkOptions = {}): AsyncGenerator<MemberInPlace> {
    checkWalkOptions(options, 'options')
    const { paths, except = new Set() } = options
    const isLeftOut = (path: ByteString) => except.has(`/${storePathOf(path)}`)
    if (paths === undefined) {
      for await (const each of all(layout && rangesWithout(layout, except))) {
        if (!isLeftOut(each.member.path)) yield each
      }
      return
    }
    const found: ImageMember[] = []
    for (const path of paths) {
      const member = path.replaceAll('/', '') === '' ? impliedDirectory() : await find(path, { follow: false })
      if (member === undefined) throw fail('ENTRY_MISSING', `has nothing at ${path}`)
      found.push(member)
    }
    const isChosen = chosenBy(found)
    for await (const each of all(layout && rangesOf(layout, found))) {
      if (isChosen(each.member.path) && !isLeftOut(each.member.path)) yield each
    }
  }

  async function* contents(file: string | ImageMember): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    signal.throwIfAborted()
    if (typeof file !== 'string') checkMember(file)
    const found = typeof file === 'string' ? await find(file) : file
    if (found === undefined) throw fail('ENTRY_MISSING', `has nothing at ${String(file)}`)
    const { contentsOffset, headerOffset, isSparse, size } = await fileOf(found)
    if (isSparse) {
      // Its map is read again: nothing keeps it.
      for await (const { contents } of all([{ start: headerOffset }])) return yield* copiesOf(contents())
    }
    let left = size
    for await (const piece of copiesOf(tar.from(contentsOffset, contentsOffset + size))) {
      signal.throwIfAborted()
      left -= piece.length
      yield piece
    }
    if (left > 0) throw fail('OPEN_CORRUPT', `is cut off in the contents of /${decodeText(found.path)}`)
  }

  async function registered(): Promise<StoredPath[]> {
    const member = await find(`/${REGISTRATION_FILE}`)
    if (member === undefined) throw fail('ENTRY_MISSING', `has no /${REGISTRATION_FILE}, which lists store paths`)
    return readStoredPaths(member.size, contents(member), name)
  }

  return {
    name,
    size: source.size,
    get bytesRead() {
      return source.bytesRead
    },
    compression,
    isSeekable: tar.isSeekable,
    ...(tar.size !== undefined && { tarSize: tar.size }),
    ...(manifest && { manifest }),
    blocks: tar.blocks,
    members,
    walk,
    member: find,
    contents,
    async storePaths() {
      signal.throwIfAborted()
      return manifest ? manifest.storePaths.map(storedPathOf) : await registered()
    },
    async *verify() {
      const paths = await registered()
      yield* verifyStorePaths(all(), paths)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** A store path as the manifest tells of it. */
function storedPathOf(record: ImageManifest['storePaths'][number]): StoredPath {
  const folder = record.path.slice(0, record.path.lastIndexOf('/') + 1)
  return { ...record, references: record.references.map(baseName => folder + baseName) }
}

/** Throws `TypeError` for what is no entry of an image. */
function checkMember(file: ImageMember): void {
  const { path, headerOffset } = file ?? {}
  if (typeof path === 'string' && typeof headerOffset === 'number') return
  throw new TypeError('file: give a path, or an entry that members(), walk() or member() gave')
}

/** Copies pieces, whose memory is used again. */
async function* copiesOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for await (const piece of pieces) yield new Uint8Array(piece)
}

/** Whether a path has at most `depth` names from `start` on. */
function isWithin(path: ByteString, start: number, depth: number): boolean {
  let at = start
  for (let names = 1; names <= depth; names++) {
    const slash = path.indexOf('/', at)
    if (slash < 0) return true
    at = slash + 1
  }
  return false
}
