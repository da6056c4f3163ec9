import type { StoredPath } from '../../open/index.ts'
import { compareVersions, parsePackageName, splitStorePath } from '../package-name.ts'
import type { PackageChange, PackageChangeKind } from './image-diff.ts'

/** The store paths of an image, and what each takes of its file. */
export interface ImageStorePaths {
  readonly paths: readonly StoredPath[]
  /** Bytes by store path; absent without a manifest. */
  readonly fileSizes?: ReadonlyMap<string, number>
}

/** The store paths of one name by version, as `nix store diff-closures` groups them. */
type Versions = ReadonlyMap<string, readonly StoredPath[]>

/** The changes in the packages of two images. */
export function diffPackages(before: ImageStorePaths, after: ImageStorePaths): PackageChange[] {
  const oldGroups = groupByName(before.paths)
  const newGroups = groupByName(after.paths)
  const names = [...new Set([...oldGroups.keys(), ...newGroups.keys()])].sort()
  return names.flatMap(name => {
    const change = diffPackage(name, oldGroups.get(name) ?? new Map(), newGroups.get(name) ?? new Map())
    if (change === undefined) return []
    if (!before.fileSizes || !after.fileSizes) return [change]
    const oldFileSize = sum(oldGroups.get(name), ({ path }) => before.fileSizes!.get(path) ?? 0)
    const newFileSize = sum(newGroups.get(name), ({ path }) => after.fileSizes!.get(path) ?? 0)
    return [{ ...change, oldFileSize, newFileSize }]
  })
}

function diffPackage(name: string, before: Versions, after: Versions): PackageChange | undefined {
  const identity = ({ path, narHash }: StoredPath) => `${path} ${narHash}`
  const oldPaths = [...before.values()].flat()
  const newPaths = [...after.values()].flat()
  const inOld = new Set(oldPaths.map(identity))
  const inNew = new Set(newPaths.map(identity))
  const onlyOld = oldPaths.filter(each => !inNew.has(identity(each)))
  const onlyNew = newPaths.filter(each => !inOld.has(identity(each)))
  if (onlyOld.length + onlyNew.length === 0) return undefined
  const oldVersions = [...before.keys()].filter(version => !after.has(version)).sort(compareVersions)
  const newVersions = [...after.keys()].filter(version => !before.has(version)).sort(compareVersions)
  return {
    name,
    kind: kindOf(before, after, oldVersions, newVersions),
    oldVersions,
    newVersions,
    oldPaths: onlyOld.map(({ path }) => path).sort(),
    newPaths: onlyNew.map(({ path }) => path).sort(),
    oldNarSize: sum(before, ({ narSize }) => narSize),
    newNarSize: sum(after, ({ narSize }) => narSize),
  }
}

function kindOf(
  before: Versions,
  after: Versions,
  oldVersions: readonly string[],
  newVersions: readonly string[],
): PackageChangeKind {
  if (before.size === 0) return 'added'
  if (after.size === 0) return 'removed'
  const newest = { old: oldVersions.at(-1), new: newVersions.at(-1) }
  if (newest.old === undefined && newest.new === undefined) return 'rebuilt'
  // Without a version, such as "source", none is newer.
  if (!newest.old || !newest.new) return 'changed'
  const order = compareVersions(newest.new, newest.old)
  return order > 0 ? 'upgraded' : order < 0 ? 'downgraded' : 'changed'
}

function groupByName(paths: readonly StoredPath[]): Map<string, Map<string, StoredPath[]>> {
  const groups = new Map<string, Map<string, StoredPath[]>>()
  for (const stored of paths) {
    const { name, version } = parsePackageName(splitStorePath(stored.path).name)
    const versions = groups.get(name) ?? new Map<string, StoredPath[]>()
    groups.set(name, versions)
    const same = versions.get(version)
    if (same) same.push(stored)
    else versions.set(version, [stored])
  }
  return groups
}

function sum(versions: Versions | undefined, size: (path: StoredPath) => number): number {
  return [...(versions?.values() ?? [])].flat().reduce((total, path) => total + size(path), 0)
}
