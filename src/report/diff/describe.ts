import { anyObject, listOf, text } from '../../arguments.ts'
import { formatBytes, octalMode } from '../../units.ts'
import type { FileAspect, FileChange, FileState, WithoutDiff } from './image-diff.ts'

/** Why no lines are shown. */
export const WITHOUT_DIFF_NOTES: Readonly<Record<WithoutDiff, string>> = {
  binary: 'binary',
  large: 'too large to show',
  registration: 'lists the store paths',
}

/**
 * Says in a few words what changed in a file besides its text: `mode 0644 → 0600, 8 B → 6 B`. Targets of links in it are as they
 * are in the image, with any characters.
 */
export function describeFileChange(change: FileChange): string {
  anyObject(change, 'change')
  const { old, new: after, aspects, withoutDiff } = change
  listOf(text)(aspects, 'change.aspects')
  for (const state of [old, after]) if (state !== undefined) checkState(state)
  const note = withoutDiff === undefined ? [] : [WITHOUT_DIFF_NOTES[withoutDiff]]
  if (old && after) return [...aspects.map(aspect => describeAspect(aspect, old, after)), ...note].join(', ')
  const state = after ?? old
  if (state === undefined) throw new TypeError('change: give a change with an old or a new state')
  return [describeState(state), ...note].join(', ')
}

function checkState(state: FileState): void {
  anyObject(state, 'change.old, change.new')
  if (![state.mode, state.size, state.uid, state.gid].every(Number.isFinite)) {
    throw new TypeError('change.old, change.new: give mode, size, uid and gid as numbers')
  }
}

/** Says what changed in one aspect of a file. Targets of links, and whatever else may be any text, go through `quote`. */
export function describeAspect(aspect: FileAspect, old: FileState, after: FileState, quote = asIs): string {
  if (aspect === 'contents') return `${formatBytes(old.size)} → ${formatBytes(after.size)}`
  if (aspect === 'mode') return `mode ${octalMode(old.mode)} → ${octalMode(after.mode)}`
  if (aspect === 'owner') return `owner ${old.uid}:${old.gid} → ${after.uid}:${after.gid}`
  const [before, now] = [old, after].map(({ [aspect]: value }) => (value === undefined ? '∅' : quote(value)))
  return `${aspect} ${before} → ${now}`
}

/** Says what a file is: its size or type, its mode, and its owner unless that is root. `quote` as above. */
export function describeState({ type, size, mode, target, device, uid, gid }: FileState, quote = asIs): string {
  const owner = uid === 0 && gid === 0 ? '' : `, owner ${uid}:${gid}`
  if (target !== undefined) return `${type} → ${quote(target)}${owner}`
  const what = type === 'file' ? formatBytes(size) : `${type}${device === undefined ? '' : ` ${device}`}`
  return `${what}, mode ${octalMode(mode)}${owner}`
}

function asIs(text: string): string {
  return text
}
