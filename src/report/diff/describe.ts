import { anyObject, listOf, text } from '../../arguments.ts'
import { formatBytes, octalMode } from '../../units.ts'
import type { FileChange, FileState, WithoutDiff } from './image-diff.ts'

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

function describeAspect(aspect: FileChange['aspects'][number], old: FileState, after: FileState): string {
  if (aspect === 'contents') return `${formatBytes(old.size)} → ${formatBytes(after.size)}`
  if (aspect === 'mode') return `mode ${octalMode(old.mode)} → ${octalMode(after.mode)}`
  if (aspect === 'owner') return `owner ${old.uid}:${old.gid} → ${after.uid}:${after.gid}`
  return `${aspect} ${old[aspect] ?? '∅'} → ${after[aspect] ?? '∅'}`
}

function describeState({ type, size, mode, target, device, uid, gid }: FileState): string {
  const owner = uid === 0 && gid === 0 ? '' : `, owner ${uid}:${gid}`
  if (type === 'file') return `${formatBytes(size)}, mode ${octalMode(mode)}${owner}`
  return `${type}${target === undefined ? '' : ` → ${target}`}${device === undefined ? '' : ` ${device}`}${owner}`
}
