import { objectOf, text } from '../../arguments.ts'
import { CHANGE_KINDS, type DiffData, type FileData, formatDiffPage, type SideData } from '../../pages/index.ts'
import { printable, printableLines } from '../../printable.ts'
import { describeFileChange } from './describe.ts'
import type { ComparedImage, FileChange, ImageDiff } from './image-diff.ts'
import { diffSections } from './sections.ts'

/** Texts of a page besides the differences. */
export interface DiffPageOptions {
  /** The names of the images, such as those of their files. */
  readonly oldTitle: string
  readonly newTitle: string
}

const checkOptions = objectOf({ oldTitle: text, newTitle: text }, ['oldTitle', 'newTitle'])

/**
 * A page in one file that shows differences: HTML, whose text follows from the arguments alone. Nothing in it asks a network.
 */
export function diffPage(diff: ImageDiff, options: DiffPageOptions): string {
  const { versions, rebuilt, files } = diffSections(diff)
  checkOptions(options, 'options')
  if (![diff.old, diff.new].every(side => typeof side?.size === 'number')) {
    throw new TypeError('diff: give what diffImages resolves to')
  }
  const packages = [...versions, ...rebuilt]
  return formatDiffPage({
    oldTitle: printable(options.oldTitle),
    newTitle: printable(options.newTitle),
    old: sideOf(diff.old),
    new: sideOf(diff.new),
    hasFileSizes: packages.every(
      ({ oldFileSize, newFileSize }) => oldFileSize !== undefined && newFileSize !== undefined,
    ),
    packages: packages.map((change): DiffData['packages'][number] => ({
      name: printable(change.name),
      kind: CHANGE_KINDS.indexOf(change.kind),
      oldVersions: change.oldVersions.map(printable),
      newVersions: change.newVersions.map(printable),
      oldPaths: change.oldPaths.map(printable),
      newPaths: change.newPaths.map(printable),
      oldNar: change.oldNarSize,
      newNar: change.newNarSize,
      oldFile: change.oldFileSize ?? 0,
      newFile: change.newFileSize ?? 0,
    })),
    sections: files.map(({ title, changes, onlyDigests, omitted }) => ({
      title,
      files: changes.map(fileOf),
      onlyDigests,
      omitted,
    })),
  })
}

function sideOf({ size, narSize, storePaths }: ComparedImage): SideData {
  return { file: size, nar: narSize, paths: storePaths }
}

function fileOf(change: FileChange): FileData {
  const { path, kind, diff } = change
  return {
    path: printable(path),
    kind,
    description: printable(describeFileChange(change)),
    ...(diff !== undefined && { diff: printableLines(diff) }),
  }
}
