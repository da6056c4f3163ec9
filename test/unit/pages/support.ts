import type { ImageSizes, PathSizes } from '../../../src/report/index.ts'

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
