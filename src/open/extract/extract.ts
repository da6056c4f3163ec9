import { setImmediate } from 'node:timers/promises'
import { abortable } from '../../abortable.ts'
import {
  abortSignal,
  callback,
  fileOrUrl,
  flag,
  listOf,
  objectOf,
  resolvePath,
  someText,
  withMethods,
} from '../../arguments.ts'
import { type ByteString, decodeText } from '../../bytes/index.ts'
import { isSystemError, reasonOf } from '../../disk/index.ts'
import { normalizePath } from '../../untar/index.ts'
import type { OpenedImage } from '../image.ts'
import type { ImageMember, MemberInPlace } from '../members.ts'
import { ExtractError } from './errors.ts'
import { openTarget } from './target.ts'
import { createTreeWriter, type TreeWriter } from './tree-writer.ts'

/** What to extract, and where to. */
export interface ExtractOptions {
  /** A folder that is new or empty. */
  readonly to: string | URL
  /** Paths in the image, each with all that is below it. Default: all. Symlinks on the way to them are followed. */
  readonly paths?: readonly string[]
  /**
   * Whether owners are set, and the bits set-user-ID, set-group-ID and sticky; the umask then counts only for directories that
   * have no entry. For root only. Default false.
   */
  readonly sameOwner?: boolean
  /** Aborting it ends the extraction, which rejects with the signal's reason. The folder is then as it was. */
  readonly signal?: AbortSignal
  /** Called now and then. If it throws, or returns a promise that rejects, the extraction rejects with that error. */
  readonly onProgress?: (progress: ExtractProgress) => void
}

/** How far an extraction is. */
export interface ExtractProgress {
  /** The last entry. */
  readonly path: string
  /** Where it ends in the tar archive. */
  readonly tarOffset: number
}

/** What was extracted. */
export interface ExtractResult {
  /** The absolute path of the folder. */
  readonly to: string
  /** Entries that were made. */
  readonly entries: number
  /** Bytes of their contents. */
  readonly bytes: number
  /** Entries that were left out: devices, pipes and what no importer knows. */
  readonly leftOut: readonly LeftOut[]
  /** How many there are; of very many not all are listed. */
  readonly leftOutCount: number
  /** Entries whose extended attributes and access control lists were not set: Node cannot. */
  readonly withoutAttributes: number
}

/** An entry that was not made. */
export interface LeftOut {
  readonly path: string
  readonly type: ImageMember['type']
}

const checkOptions = objectOf(
  {
    to: fileOrUrl,
    paths: listOf(someText),
    sameOwner: flag,
    signal: abortSignal,
    onProgress: callback,
  },
  ['to'],
)

const checkImage = withMethods('walk')

/** Entries that are listed as left out. */
const LISTED_MAX = 1000

/** Hard links whose files are not among what is extracted. */
const COPIES_MAX = 100_000

/** Rounds in which a hard link's file is another hard link. */
const ROUNDS_MAX = 4

/** Milliseconds after which others get their turn, and progress is told. */
const TURN = 40

/**
 * Extracts an image, or some paths of it, to a folder. Nothing is written outside of that, whatever the image holds, nor
 * replaced in it. Modes are subject to the umask, as tar has it, and files belong to whoever runs this. No devices and pipes
 * are made. Hard links stay hard links; one whose file is not extracted becomes a copy.
 *
 * If it fails, the folder is as it was. Throws `ExtractError`, and what reading an image throws.
 */
export async function extract(image: OpenedImage, options: ExtractOptions): Promise<ExtractResult> {
  checkImage(image, 'image')
  checkOptions(options, 'options')
  const { paths, sameOwner = false, signal, onProgress } = options
  const to = resolvePath(options.to, 'options.to')
  if (sameOwner && process.geteuid?.() !== 0) {
    throw new ExtractError('EXTRACT_NOT_ROOT', to, 'owners can be set by root only: run this as root, or leave it')
  }
  signal?.throwIfAborted()
  const target = await openTarget(to, signal)
  let writer: TreeWriter | undefined
  try {
    writer = createTreeWriter(target.tree, { sameOwner, umask: process.umask() })
    const result = await extractEntries(image, writer, { paths, sameOwner, signal, onProgress })
    writer.leave()
    await target.commit()
    if (target.isNew) writer.finish()
    return { to, ...result }
  } catch (error) {
    throw isSystemError(error) ? failed(to, error) : error
  } finally {
    writer?.close()
    await target.discard()
  }
}

async function extractEntries(
  image: OpenedImage,
  writer: TreeWriter,
  { paths, sameOwner, signal, onProgress }: Pick<ExtractOptions, 'paths' | 'sameOwner' | 'signal' | 'onProgress'>,
): Promise<Omit<ExtractResult, 'to'>> {
  let entries = 0
  let bytes = 0
  let withoutAttributes = 0
  let leftOutCount = 0
  const leftOut: LeftOut[] = []
  /** Hard links by their files, which were not extracted. */
  let copies = new Map<ByteString, ByteString[]>()
  /** The files of these, by their own paths: another link may lead to them. */
  const origins = new Map<ByteString, ByteString>()
  let turn = performance.now()

  /** Makes an entry under some names; whether that is possible. */
  async function make({ member, parts }: MemberInPlace, names: readonly ByteString[]): Promise<boolean> {
    const { type, target } = member
    const [first, ...others] = names
    if (type === 'file') {
      await writer.file(member, parts(), first)
      bytes += member.size
      for (const name of others) writer.link(name, first)
    } else if (type === 'hardlink' && target !== undefined) {
      const stored = normalizePath(target)
      const file = origins.get(stored) ?? stored
      for (const name of names) {
        if (writer.link(name, file)) continue
        const others = copies.get(file)
        if (others) others.push(name)
        else copies.set(file, [name])
        origins.set(name, file)
      }
    } else if (type === 'symlink') for (const path of names) writer.symlink({ ...member, path })
    else if (type === 'directory') writer.directory(member)
    else return false
    return true
  }

  async function pass(found: MemberInPlace, names: readonly ByteString[]): Promise<void> {
    const { type, hasAttributes, contentsOffset, size, uid, gid } = found.member
    const path = shown(names[0])
    signal?.throwIfAborted()
    if (sameOwner && !(isId(uid) && isId(gid))) {
      throw new ExtractError('EXTRACT_UNSAFE', path, `has the owner ${uid}:${gid}, which no system has`)
    }
    try {
      if (await make(found, names)) {
        entries += names.length
        if (hasAttributes && type !== 'hardlink') withoutAttributes += names.length
      } else {
        leftOutCount += names.length
        if (leftOut.length < LISTED_MAX) leftOut.push({ path, type })
      }
    } catch (error) {
      throw isSystemError(error) ? failed(path, error) : error
    }
    if (origins.size > COPIES_MAX) throw new ExtractError('EXTRACT_UNSAFE', path, 'is one of too many hard links')
    if (performance.now() - turn < TURN) return
    // It may be an async function.
    await abortable(async () => onProgress?.({ path, tarOffset: contentsOffset + size }), signal)
    await setImmediate()
    turn = performance.now()
  }

  for await (const found of image.walk({ ...(paths?.length && { paths }) })) await pass(found, [found.member.path])
  for (let round = 0; copies.size > 0; round++) {
    const wanted = copies
    copies = new Map()
    for await (const found of image.walk()) {
      const { path } = found.member
      const names = wanted.get(path)
      if (names === undefined) continue
      wanted.delete(path)
      // They were counted as links.
      entries -= names.length
      await pass(found, names)
      if (wanted.size === 0) break
    }
    const [missing] = round === ROUNDS_MAX ? copies : wanted
    if (missing === undefined) continue
    const [file, [name]] = missing
    throw new ExtractError(
      'EXTRACT_UNSAFE',
      shown(name),
      `is a hard link to ${shown(file)}, which is no file of the image`,
    )
  }
  return { entries, bytes, leftOut, leftOutCount, withoutAttributes }
}

/** Whether a number is a user or group; the last of 32 bits means that none is set (chown(2)). */
function isId(id: number): boolean {
  return Number.isInteger(id) && id >= 0 && id < 2 ** 32 - 1
}

function shown(path: ByteString): string {
  return `/${decodeText(path)}`
}

function failed(path: string, error: unknown): ExtractError {
  return new ExtractError('EXTRACT_FAILED', path, `cannot be written: ${reasonOf(error)}`, { cause: error })
}
