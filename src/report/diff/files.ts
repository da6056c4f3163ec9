/** The files outside of store paths that differ. Each image is read once in order, and the old one again for its texts. */
import { decodeText, type ImageMember, OpenError, type OpenedImage } from '../../open/index.ts'
import { REGISTRATION_FILE } from '../../stored-paths.ts'
import { comparePaths } from '../../tree/index.ts'
import { aspectsOf, changeOf } from './changes.ts'
import { createContentsReader, createDigests, type Digests, digestOf, type FileText } from './file-contents.ts'
import type { FileChange, FileChanges } from './image-diff.ts'
import { createStateTable, PATHS_MAX, type Side, type StateTable } from './state-table.ts'
import { TEXT_MAX } from './text-diff.ts'

/** Files that are listed. */
export const CHANGES_MAX = 2000

/** Files whose contents are kept at a time. */
const TEXTS_MAX = 2 * CHANGES_MAX

/** An image, and the store paths that are not looked at. */
export interface ImageOutside {
  readonly image: OpenedImage
  readonly except: ReadonlySet<string>
}

/** Compares the files of two images. Throws `OpenError` OPEN_UNSUPPORTED if they have more than 2 million paths. */
export async function diffFiles(before: ImageOutside, after: ImageOutside): Promise<FileChanges> {
  const table = createStateTable()
  const digests = createDigests(PATHS_MAX)
  await readOld(before, table, digests)
  const contents = await readNew(after, table, digests)
  const { differing, texts } = contents
  const changed: number[] = []
  let count = 0
  for (let id = 0; id < table.size; id++) {
    const old = table.state('old', id)
    const now = table.state('new', id)
    const isSame = old && now ? aspectsOf(old, now).length === 0 && !differing.has(id) : old === now
    if (isSame) continue
    count++
    if (changed.length < CHANGES_MAX) changed.push(id)
  }
  const oldTexts = await readOldTexts(
    before,
    table,
    digests,
    new Set(changed.filter(id => needsOldText(table, id, contents))),
  )
  const changes = changed
    .map(id => ({ id, path: table.path(id) }))
    .sort((a, b) => comparePaths(a.path, b.path))
    .flatMap(({ id, path }): FileChange[] => {
      const change = changeOf({
        path: `/${decodeText(path)}`,
        old: table.state('old', id),
        new: table.state('new', id),
        haveOtherContents: differing.has(id),
        oldText: oldTexts.get(id),
        newText: texts.get(id),
      })
      if (change === undefined) return []
      return [path === REGISTRATION_FILE ? { ...change, withoutDiff: 'registration' } : change]
    })
  return { changes, omitted: count - changes.length }
}

async function readOld(before: ImageOutside, table: StateTable, digests: Digests): Promise<void> {
  for await (const { member, contents } of before.image.walk({ except: before.except })) {
    const id = add(table, 'old', member)
    if (isFilled(member)) digests.set(id, await digestOf(contents(), member.size))
  }
}

/** Files of the new image that were read, by the numbers of their paths. */
interface NewContents {
  /** Files whose contents are others, though as long. */
  readonly differing: ReadonlySet<number>
  /** The contents of files that are added or have other contents; of the first some thousand. */
  readonly texts: ReadonlyMap<number, FileText>
}

async function readNew(after: ImageOutside, table: StateTable, digests: Digests): Promise<NewContents> {
  const reader = createContentsReader()
  const differing = new Set<number>()
  const texts = new Map<number, FileText>()
  for await (const { member, contents } of after.image.walk({ except: after.except })) {
    const id = add(table, 'new', member)
    // Of two entries with one path, the later counts.
    differing.delete(id)
    texts.delete(id)
    if (!isFilled(member)) continue
    const old = table.state('old', id)
    const isAsLong = old?.type === 'file' && old.size === member.size
    if (!isAsLong && (!isReadable(member) || texts.size >= TEXTS_MAX)) continue
    const { digest, text } = await reader.read(contents(), member.size, isReadable(member))
    if (isAsLong && digests.isEqual(id, digest)) continue
    if (isAsLong) differing.add(id)
    if (texts.size < TEXTS_MAX) texts.set(id, reader.keep(text))
  }
  return { differing, texts }
}

/** The texts of some files of the old image. */
async function readOldTexts(before: ImageOutside, table: StateTable, digests: Digests, wanted: Set<number>) {
  const reader = createContentsReader()
  const texts = new Map<number, FileText>()
  if (wanted.size === 0) return texts
  for await (const { member, contents } of before.image.walk({ except: before.except })) {
    const id = table.find(member.path)
    if (!wanted.has(id) || !isFilled(member)) continue
    const { digest, text } = await reader.read(contents(), member.size, isReadable(member))
    // Another entry with its path may follow.
    if (!digests.isEqual(id, digest)) continue
    texts.set(id, reader.keep(text))
    wanted.delete(id)
    if (wanted.size === 0) break
  }
  return texts
}

/** Whether a file of the old image is removed or has other contents, and its text is missing to show how. */
function needsOldText(table: StateTable, id: number, { differing, texts }: NewContents): boolean {
  const old = table.state('old', id)
  const now = table.state('new', id)
  const text = texts.get(id)
  if (old?.type !== 'file' || old.size === 0 || table.path(id) === REGISTRATION_FILE) return false
  if (now?.type === 'file' && now.size === old.size && !differing.has(id)) return false
  return text === undefined || 'text' in text
}

function add(table: StateTable, side: Side, member: ImageMember): number {
  const id = table.add(side, member)
  if (id >= 0) return id
  throw new OpenError('OPEN_UNSUPPORTED', `the ${side} image`, 'has too many paths to be compared')
}

function isFilled({ type, size }: ImageMember): boolean {
  return type === 'file' && size > 0
}

function isReadable({ size, isSparse, path }: ImageMember): boolean {
  return size <= TEXT_MAX && !isSparse && path !== REGISTRATION_FILE
}
