import { objectOf, text } from '../../arguments.ts'
import type { OpenedImage, StoredPath } from '../../open/index.ts'
import { checkImage } from '../opened.ts'
import { fileSizes } from '../sizes/file-sizes.ts'
import { readStored } from '../stored.ts'
import { changeOf } from './changes.ts'
import { diffConfiguration } from './configuration.ts'
import { diffFiles } from './files.ts'
import type { ComparedImage, FileChange, ImageDiff } from './image-diff.ts'
import { diffPackages, type ImageStorePaths } from './packages.ts'

/** Files to compare besides the images. */
export interface DiffOptions {
  /** The texts of their settings files, `NAME.nspawn`. They are compared if both are given. */
  readonly oldSettings?: string
  readonly newSettings?: string
}

const checkOptions = objectOf({ oldSettings: text, newSettings: text })

/**
 * Compares two images: their packages, the files outside of the store, and the configuration of a NixOS system. If both have
 * a manifest and can seek, store paths with the same NAR hash are not read. Throws what reading the images throws.
 */
export async function diffImages(
  before: OpenedImage,
  after: OpenedImage,
  options: DiffOptions = {},
): Promise<ImageDiff> {
  checkImage(before, 'before')
  checkImage(after, 'after')
  checkOptions(options, 'options')
  const { paths: oldPaths = [], toplevel: oldToplevel } = await readStored(before)
  const { paths: newPaths = [], toplevel: newToplevel } = await readStored(after)
  const packages = diffPackages({ paths: oldPaths, ...fileSizesOf(before) }, { paths: newPaths, ...fileSizesOf(after) })
  const files = await diffFiles(
    { image: before, except: new Set(oldPaths.map(({ path }) => path)) },
    { image: after, except: new Set(newPaths.map(({ path }) => path)) },
  )
  const configuration =
    oldToplevel === undefined || newToplevel === undefined || packages.length === 0
      ? { changes: [], omitted: 0 }
      : await diffConfiguration(
          { image: before, toplevel: oldToplevel, storePaths: oldPaths },
          { image: after, toplevel: newToplevel, storePaths: newPaths },
        )
  const settings = diffSettings(options)
  const counts = [packages, files.changes, configuration.changes].map(({ length }) => length)
  return {
    isSame: counts.every(count => count === 0) && settings === undefined,
    old: describe(before, oldPaths, oldToplevel),
    new: describe(after, newPaths, newToplevel),
    packages,
    files,
    configuration,
    ...(settings && { settings }),
  }
}

function diffSettings({ oldSettings, newSettings }: DiffOptions): FileChange | undefined {
  if (oldSettings === undefined || newSettings === undefined) return undefined
  return changeOf({
    path: 'settings',
    old: stateOf(oldSettings),
    new: stateOf(newSettings),
    haveOtherContents: oldSettings !== newSettings && oldSettings.length === newSettings.length,
    oldText: { text: oldSettings },
    newText: { text: newSettings },
  })
}

function stateOf(settings: string) {
  return { type: 'file', mode: 0o644, uid: 0, gid: 0, size: settings.length } as const
}

function describe(
  { size, bytesRead }: OpenedImage,
  paths: readonly StoredPath[],
  toplevel: string | undefined,
): ComparedImage {
  return {
    size,
    bytesRead,
    ...(toplevel !== undefined && { toplevel }),
    storePaths: paths.length,
    narSize: paths.reduce((sum, { narSize }) => sum + narSize, 0),
  }
}

function fileSizesOf({ manifest }: OpenedImage): Pick<ImageStorePaths, 'fileSizes'> {
  return manifest ? { fileSizes: fileSizes(manifest) } : {}
}
