import type { Tree } from '../../unit/nix/nar-support.ts'

const file: Tree = { contents: 'x' }
const children = (entries: readonly (readonly [string, Tree])[]): Tree => ({
  children: Object.fromEntries(entries),
})

/** A file below as many folders as it takes for a path of `length` bytes, in components of at most `component`. */
function deep(length: number, component: number): Tree {
  if (length <= Math.max(component, 2)) return children([['f'.repeat(length), file]])
  // What is left must hold at least one byte behind the slash.
  const here = length - component - 1 >= 1 ? component : component - 1
  return children([['d'.repeat(here), deep(length - here - 1, component)]])
}

/** Bytes that a path of the store takes in a tar: `nix/store/`, 32 digits, `-` and the name, and a slash. */
const inStore = (name: string) => `nix/store/${'0'.repeat(32)}-${name}/`.length

/** Trees that tar programs get wrong, by the name of the store path that holds them. */
export const NASTY_TREES: Readonly<Record<string, Tree>> = {
  'long-names': children([99, 100, 101, 254, 255].map(length => ['n'.repeat(length), file] as const)),
  'long-folders': children(
    Array.from({ length: 60 }, (_, i) => ['d'.repeat(20 + i), children([['f', file]])] as const),
  ),
  ...Object.fromEntries(
    [99, 100, 101, 154, 155, 156, 255, 256, 257, 1000, 2000].flatMap(length =>
      [255, 40, 1].map(component => {
        const name = `path-${length}-${component}`
        return [name, deep(length - inStore(name), component)] as const
      }),
    ),
  ),
  targets: children(
    [1, 99, 100, 101, 511, 512, 513, 1000, 4095].map(
      length => [`to${length}`, { symlink: 't'.repeat(length) }] as const,
    ),
  ),
  'long-name-and-target': children([['n'.repeat(200), { symlink: '/'.repeat(300) }]]),
  'odd-names': children(
    [
      ...[
        '\xff',
        '\xfe\xff',
        '\x80a',
        'a\xc3',
        '\xc3\xa4',
        ' ',
        ' a',
        'a ',
        'new\nline',
        'tab\t',
        'back\\slash',
        '\\n',
      ],
      ...[
        '"double"',
        "'single'",
        '`',
        '$(x)',
        '*',
        '?',
        '[a]',
        '-rf',
        '--',
        '~',
        '#',
        '...',
        '.hidden',
        '..x',
        '\x01',
        '\x7f',
      ],
    ].map(name => [name, file] as const),
  ),
  order: children([
    ...['a-b', 'a.b', 'a', 'A', 'a b', 'a\x01', 'aa', 'b'].map(name => [name, children([['b', file]])] as const),
    ...['a-', 'a.', 'Z', '_', '0', '\xe4'].map(name => [name, file] as const),
  ]),
  empty: children([
    ['file', { contents: '' }],
    ['folder', children([])],
    ['nested', children([['folder', children([])]])],
  ]),
  sizes: children(
    [1, 511, 512, 513, 1024, 10239, 10240, 10241].map(size => [`s${size}`, { contents: 'y'.repeat(size) }] as const),
  ),
  modes: children([
    ['run', { contents: '#!/bin/sh\n', executable: true }],
    ['read', file],
  ]),
  'just-a-file': { contents: 'alone' },
  'just-a-script': { contents: 'alone', executable: true },
  'just-a-link': { symlink: 'nowhere' },
  'no-entries': children([]),
}
