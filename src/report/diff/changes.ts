/** The differences between two states of a file. */

import type { FileText } from './file-contents.ts'
import type { FileAspect, FileChange, FileState } from './image-diff.ts'
import { unifiedDiff, withoutDigests } from './text-diff.ts'

const EMPTY: FileText = { text: '' }
/** The contents of a file that was not read. */
const LARGE: FileText = { withoutDiff: 'large' }

/** Differences besides the contents, of which only sizes are compared here. */
export function aspectsOf(before: FileState, after: FileState): readonly FileAspect[] {
  if (before.type !== after.type) return ['type']
  const { type } = before
  // The permissions of a symlink mean nothing.
  const isModeKnown = type !== 'symlink' && type !== 'hardlink'
  return [
    ...(isModeKnown && before.mode !== after.mode ? (['mode'] as const) : []),
    ...(before.uid !== after.uid || before.gid !== after.gid ? (['owner'] as const) : []),
    ...(before.target !== after.target ? (['target'] as const) : []),
    ...(before.device !== after.device ? (['device'] as const) : []),
    ...(before.size !== after.size ? (['contents'] as const) : []),
  ]
}

/** A file of both or one of the images. */
export interface FilePair {
  readonly path: string
  readonly old: FileState | undefined
  readonly new: FileState | undefined
  /** Whether contents of the same size differ. */
  readonly haveOtherContents: boolean
  readonly oldText?: FileText
  readonly newText?: FileText
}

/** How a file differs; `undefined` if it does not. */
export function changeOf({ path, old, new: after, haveOtherContents, ...texts }: FilePair): FileChange | undefined {
  if (old === undefined && after === undefined) return undefined
  if (old === undefined || after === undefined) {
    const kind = old === undefined ? 'added' : 'removed'
    return {
      path,
      kind,
      aspects: [],
      ...(old && { old }),
      ...(after && { new: after }),
      ...contentsOf(old, after, texts),
    }
  }
  const found = aspectsOf(old, after)
  const aspects: readonly FileAspect[] = haveOtherContents ? [...found, 'contents'] : found
  if (aspects.length === 0) return undefined
  const haveContents = aspects.includes('contents') || aspects.includes('type')
  const change: FileChange = {
    path,
    kind: 'changed',
    aspects,
    old,
    new: after,
    ...(haveContents && contentsOf(old, after, texts)),
  }
  return isOnlyDigests(change, texts) ? { ...change, isOnlyDigests: true } : change
}

function contentsOf(
  old: FileState | undefined,
  after: FileState | undefined,
  { oldText, newText }: Pick<FilePair, 'oldText' | 'newText'>,
): Pick<FileChange, 'diff' | 'withoutDiff'> {
  const before = old?.type === 'file' && old.size > 0 ? (oldText ?? LARGE) : EMPTY
  const behind = after?.type === 'file' && after.size > 0 ? (newText ?? LARGE) : EMPTY
  // A file that was read tells more than one that was not.
  for (const text of [behind, before]) if ('withoutDiff' in text) return text
  if (!('text' in before) || !('text' in behind)) return {}
  if (before.text === behind.text) return {}
  const diff = unifiedDiff(before.text, behind.text)
  return diff === undefined ? { withoutDiff: 'large' } : { diff }
}

function isOnlyDigests(
  { aspects, old, new: after }: FileChange,
  { oldText, newText }: Pick<FilePair, 'oldText' | 'newText'>,
): boolean {
  return aspects.every(aspect => {
    if (aspect === 'target') return withoutDigests(old!.target ?? '') === withoutDigests(after!.target ?? '')
    if (aspect !== 'contents' || !oldText || !newText || !('text' in oldText) || !('text' in newText)) return false
    return withoutDigests(oldText.text) === withoutDigests(newText.text)
  })
}
