import { type ChrootStore, createChrootStore } from './chroot-store.ts'
import type { Tree } from './unit/nix/nar-support.ts'

/** A store that holds what looks like a NixOS system to the library. */
export interface NixosStore extends ChrootStore {
  readonly toplevel: string
  /** The folder `etc` of the system, a store path of its own. */
  readonly etc: string
}

/** A small system in `folder`, whose stage-2 script has the lines `init`: `etc` is a symlink into another store path, and os-release one beside it. */
export function createNixosStore(folder: string, init = 'nix-store --load-db < /nix-path-registration\n'): NixosStore {
  const store = createChrootStore(folder)
  const etc = store.add('etc', {
    children: { etc: { children: { 'os-release': { symlink: 'static/os-release' }, static: OS_RELEASE } } },
  })
  const data = store.add('data', bulk(3))
  const shell = store.add('shell', PROGRAM)
  const toplevel = store.add(
    'nixos-system-test',
    {
      children: {
        init: { contents: `#!${shell}\n${init}`, executable: true },
        'nixos-version': { contents: '25.11' },
        sw: { children: { bin: { children: { 'nix-store': PROGRAM } } } },
        etc: { symlink: `${etc}/etc` },
        system: { contents: 'x86_64-linux' },
      },
    },
    [etc, data, shell],
  )
  return { ...store, toplevel, etc }
}

/** The header of a program for x86_64: what the kernel looks at before it runs one (elf(5)). */
export const PROGRAM: Tree = {
  contents: `\x7fELF\x02\x01\x01${'\0'.repeat(9)}\x02\0\x3e\0\x01\0\0\0${'\0'.repeat(40)}`,
  executable: true,
}

const OS_RELEASE: Tree = { children: { 'os-release': { contents: 'ID=nixos\n' } } }

const made = new Map<number, Tree>()

/** A folder with `count` files of a megabyte, some of which can be compressed. Made once, as many tests ask for the same. */
export function bulk(count: number): Tree {
  const tree = made.get(count) ?? makeBulk(count)
  made.set(count, tree)
  return tree
}

function makeBulk(count: number): Tree {
  const files = Array.from({ length: count }, (_, i): [string, Tree] => {
    const bytes = Buffer.alloc(1_000_003)
    for (let at = 0; at + 4 < bytes.length; at += i % 2 === 0 ? 4 : 64) {
      bytes.writeUInt32LE(Math.imul(at + i + 1, 0x9e3779b1) >>> 0, at)
    }
    return [`file${i}`, { contents: bytes.toString('latin1'), executable: i % 3 === 0 }]
  })
  return { children: Object.fromEntries(files) }
}
