import type { FileChange, ImageDiff, ImageSizes, PackageChange, PathSizes } from '../../../src/report/index.ts'

/** A store path of a made-up closure. */
export function pathOf(name: string, size: number, references: readonly string[] = [], keeper?: string): PathSizes {
  const sizes = {
    narSize: size,
    tarSize: size + 512,
    fileSize: Math.floor(size / 3),
    closureSize: size,
    addedSize: size,
  }
  return {
    ...{ path: storePath(name), narHash: 'sha256:0', ...sizes, addedFileSize: sizes.fileSize },
    ...(keeper !== undefined && { keeper: storePath(keeper) }),
    references: references.map(storePath),
  }
}

/** A store path by its name. */
export function storePath(name: string): string {
  return `/nix/store/${'0'.repeat(32 - String(name.length).length)}${name.length}-${name}`
}

/** Sizes of an image that has these store paths; the first is the toplevel, and the only root. */
export function sizesOf(paths: readonly PathSizes[]): ImageSizes {
  const sum = (key: 'fileSize' | 'tarSize' | 'narSize') => paths.reduce((total, path) => total + path[key], 0)
  return {
    ...{ fileSize: sum('fileSize') + 1000, tarSize: sum('tarSize') + 10_240, narSize: sum('narSize') },
    ...{ toplevel: paths[0]!.path, roots: [paths[0]!.path], storePaths: paths },
    others: [
      { part: 'entries', tarSize: 10_240, fileSize: 900 },
      { part: 'container', tarSize: 0, fileSize: 100 },
    ],
  }
}

/** Names that would do something if they were HTML, or a script. */
export const HOSTILE_NAMES: readonly string[] = [
  '</script><script>globalThis.hacked = 1</script>',
  '<!--<script>',
  '<img src=x onerror="globalThis.hacked = 1">',
  '"><svg onload=globalThis.hacked=1>',
  '&lt;b&gt;{{globalThis.hacked = 1}}',
  'javascript:globalThis.hacked=1',
  'turned\u202etxt.exe',
  'line\u2028end\0',
  '__proto__',
]

/** A package that changed, with sizes in bytes of NAR; in the file it takes a third of them. */
export function changeOf(
  name: string,
  [oldVersion, newVersion]: readonly [string | undefined, string | undefined],
  [oldNarSize, newNarSize]: readonly [number, number],
  kind: PackageChange['kind'] = 'upgraded',
): PackageChange {
  const isSame = oldVersion === newVersion
  const paths = (version: string | undefined) => (version === undefined ? [] : [storePath(`${name}-${version}`)])
  return {
    name,
    kind,
    oldVersions: oldVersion === undefined || isSame ? [] : [oldVersion],
    newVersions: newVersion === undefined || isSame ? [] : [newVersion],
    oldPaths: paths(oldVersion),
    newPaths: paths(newVersion),
    ...{ oldNarSize, newNarSize, oldFileSize: Math.floor(oldNarSize / 3), newFileSize: Math.floor(newNarSize / 3) },
  }
}

/** A text file that changed, with its difference. */
export function fileChangeOf(path: string, diff: string): FileChange {
  const state = (size: number) => ({ type: 'file', mode: 0o644, uid: 0, gid: 0, size }) as const
  return { path, kind: 'changed', aspects: ['contents'], old: state(10), new: state(20), diff }
}

/** A difference of two images. */
export function diffOf(parts: Partial<ImageDiff>): ImageDiff {
  const side = { size: 3_000_000, bytesRead: 1000, storePaths: 200, narSize: 9_000_000 }
  const none = { changes: [], omitted: 0 }
  return {
    isSame: false,
    ...{ old: side, new: { ...side, size: 3_030_000, storePaths: 201, narSize: 9_100_000 } },
    ...{ packages: [], files: none, configuration: none },
    ...parts,
  }
}
