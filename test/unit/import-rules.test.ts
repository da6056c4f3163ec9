import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { VERSION } from '../../src/version.ts'
import { findCycle, parseImports, readSources, roomOf } from './imports.ts'

/** What each room may import besides itself: other rooms, files beside the rooms, packages; `node:*` is all of Node. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  bytes: [],
  // Without Node as well: crypto-portable.ts takes the place of crypto.ts there.
  nix: [
    'is-object.ts',
    'nspawn-rootfs-error.ts',
    'bytes',
    'printable.ts',
    'node:crypto',
    '@noble/curves/ed25519.js',
    '@noble/hashes/legacy.js',
    '@noble/hashes/sha2.js',
  ],
  tar: ['nspawn-rootfs-error.ts', 'bytes'],
  xz: ['nspawn-rootfs-error.ts', 'bytes'],
  unpack: ['bytes', 'xz', '@napi-rs/lzma', 'hash-wasm', 'lz4-napi', 'node:*'],
  tree: ['nspawn-rootfs-error.ts', 'bytes', 'node:crypto'],
  untar: ['bytes', 'tar', 'tree', 'unpack'],
  systemd: [
    'is-object.ts',
    'image-files.ts',
    'nspawn-rootfs-error.ts',
    'bytes',
    'tree',
    'arguments.ts',
    'suggest.ts',
    'printable.ts',
    'warning.ts',
  ],
  container: ['compression.ts', 'bytes', 'xz', 'node:zlib'],
  pool: ['nspawn-rootfs-error.ts', 'descriptors.ts', 'node:*'],
  disk: ['sha256.ts', 'nspawn-rootfs-error.ts', 'descriptors.ts', 'warning.ts', 'node:*'],
  'block-cache': [
    'home-folder.ts',
    'sha256.ts',
    'abortable.ts',
    'arguments.ts',
    'nspawn-rootfs-error.ts',
    'descriptors.ts',
    'in-parallel.ts',
    'disk',
    'node:*',
  ],
  throttle: ['node:*'],
  http: [
    'abortable.ts',
    'http-error.ts',
    'nspawn-rootfs-error.ts',
    'longest-timer.ts',
    'printable.ts',
    'descriptors.ts',
    'throttle',
    'unpack',
    'describe-url.ts',
    'is-http.ts',
    'socks',
    'undici',
    'node:*',
  ],
  'nar-file': [
    'is-below.ts',
    'nspawn-rootfs-error.ts',
    'descriptors.ts',
    'disk',
    'nix',
    'unpack',
    'throttle',
    'http',
    'describe-url.ts',
    'version.ts',
    'node:*',
  ],
  'binary-cache': [
    'in-parallel.ts',
    'nspawn-rootfs-error.ts',
    'nix',
    'nar-file',
    'describe-url.ts',
    'node:querystring',
  ],
  'image-source': [
    'abortable.ts',
    'nspawn-rootfs-error.ts',
    'printable.ts',
    'descriptors.ts',
    'arguments.ts',
    'disk',
    'http',
    'nar-file',
    'store',
    'describe-url.ts',
    'is-http.ts',
    'image-files.ts',
    'node:*',
  ],
  check: [
    'units.ts',
    'stored-paths.ts',
    'manifest',
    'image-source',
    'disk',
    'describe-url.ts',
    'is-http.ts',
    'nar-file',
    'tar',
    'untar',
    'nspawn-rootfs-error.ts',
    'descriptors.ts',
    'bytes',
    'nix',
    'unpack',
    'xz',
    'tree',
    'arguments.ts',
    'image-files.ts',
    'printable.ts',
    'node:*',
  ],
  store: [
    'decode-percent.ts',
    'home-folder.ts',
    'nspawn-rootfs-error.ts',
    'state-change.ts',
    'closure-source.ts',
    'descriptors.ts',
    'bytes',
    'disk',
    'nix',
    'tree',
    'throttle',
    'nar-file',
    'binary-cache',
    'describe-url.ts',
    'is-http.ts',
    'shell-word.ts',
    'warning.ts',
    'hash-wasm',
    'node:*',
  ],
  plan: [
    'stored-paths.ts',
    'image-error.ts',
    'closure-source.ts',
    'compression.ts',
    'bytes',
    'nix',
    'tree',
    'systemd',
    'container',
    'disk',
    'nar-file',
    'store',
    'signing',
    'check',
    'arguments.ts',
    'image-files.ts',
    'warning.ts',
    'node:*',
  ],
  produce: [
    'sha256.ts',
    'in-parallel.ts',
    'nar-hasher.ts',
    'state-change.ts',
    'untar',
    'image-error.ts',
    'compression.ts',
    'plan',
    'bytes',
    'nix',
    'tar',
    'xz',
    'tree',
    'container',
    'pool',
    'block-cache',
    'nar-file',
    'store',
    'check',
    'describe-url.ts',
    'version.ts',
    'warning.ts',
    'node:*',
  ],
  manifest: ['is-object.ts', 'compression.ts', 'image-files.ts'],
  image: [
    'callbacks.ts',
    'closure-source.ts',
    'sha256.ts',
    'manifest',
    'descriptors.ts',
    'image-error.ts',
    'compression.ts',
    'image-files.ts',
    'is-http.ts',
    'plan',
    'produce',
    'abortable.ts',
    'arguments.ts',
    'container',
    'disk',
    'block-cache',
    'nar-file',
    'store',
    'signing',
    'version.ts',
    'warning.ts',
    'node:*',
  ],
  spec: [
    'is-object.ts',
    'is-below.ts',
    'bytes',
    'nspawn-rootfs-error.ts',
    'descriptors.ts',
    'image-error.ts',
    'closure-source.ts',
    'compression.ts',
    'plan',
    'tree',
    'store',
    'signing',
    'systemd',
    'arguments.ts',
    'suggest.ts',
    'printable.ts',
    'describe-url.ts',
    'is-http.ts',
    'yaml',
    'zod',
    'node:*',
  ],
  signing: ['nspawn-rootfs-error.ts', 'descriptors.ts', 'arguments.ts', 'openpgp', 'node:*'],
  serve: [
    'callbacks.ts',
    'nspawn-rootfs-error.ts',
    'manifest',
    'disk',
    'systemd',
    'arguments.ts',
    'longest-timer.ts',
    'image-files.ts',
    'shell-word.ts',
    'send',
    'node:*',
  ],
  publish: [
    'abortable.ts',
    'sha256.ts',
    'descriptors.ts',
    'nspawn-rootfs-error.ts',
    'image-error.ts',
    'image-files.ts',
    'plan',
    'produce',
    'manifest',
    'image',
    'disk',
    'signing',
    'systemd',
    'check',
    'arguments.ts',
    'describe-url.ts',
    'is-http.ts',
    'warning.ts',
    'node:*',
  ],
  machine: ['is-object.ts', 'nspawn-rootfs-error.ts', 'disk', 'systemd', 'image-files.ts', 'shell-word.ts', 'node:*'],
  pull: [
    'abortable.ts',
    'callbacks.ts',
    'sha256.ts',
    'in-parallel.ts',
    'descriptors.ts',
    'nspawn-rootfs-error.ts',
    'describe-url.ts',
    'is-http.ts',
    'arguments.ts',
    'image-files.ts',
    'warning.ts',
    'disk',
    'systemd',
    'signing',
    'http',
    'nar-file',
    'block-cache',
    'manifest',
    'image-source',
    'bytes',
    'untar',
    'unpack',
    'tar',
    'xz',
    'compression.ts',
    'container',
    'node:*',
  ],
  bench: ['index.ts', 'bytes', 'nix', 'nar-hasher.ts', 'shell-word.ts', 'store', 'tar-stream', 'node:*'],
  open: [
    'abortable.ts',
    'http-error.ts',
    'stored-paths.ts',
    'nar-hasher.ts',
    'image-source',
    'nspawn-rootfs-error.ts',
    'printable.ts',
    'descriptors.ts',
    'arguments.ts',
    'image-files.ts',
    'bytes',
    'xz',
    'unpack',
    'tar',
    'untar',
    'tree',
    'nix',
    'disk',
    'http',
    'nar-file',
    'store',
    'pool',
    'produce',
    'manifest',
    'describe-url.ts',
    'is-http.ts',
    'node:*',
  ],
  // What runs in browsers comes along as text: only pages.config.ts imports it.
  pages: ['units.ts', 'd3-hierarchy', 'd3-scale'],
  report: [
    'stored-paths.ts',
    'nspawn-rootfs-error.ts',
    'arguments.ts',
    'printable.ts',
    'version.ts',
    'units.ts',
    'bytes',
    'nix',
    'tar',
    'tree',
    'systemd',
    'manifest',
    'open',
    'pages',
    'diff',
    'node:*',
  ],
  cli: [
    'decode-percent.ts',
    'describe-url.ts',
    'descriptors.ts',
    'index.ts',
    'nspawn-rootfs-error.ts',
    'units.ts',
    'open',
    'report',
    'machine',
    'pull',
    'closure-source.ts',
    'compression.ts',
    'image-files.ts',
    'is-http.ts',
    'image-source',
    'bench',
    'disk',
    'printable.ts',
    'shell-word.ts',
    'suggest.ts',
    'version.ts',
    'commander',
    'node:*',
  ],
}

const sources = readSources()
const isFile = (name: string) => name.endsWith('.ts')

describe('imports', () => {
  it('are found however they are written', () => {
    const text = `
      /** import { no } from 'comment' */
// import { no } from 'comment'
import { a } from './a.ts'
import type { b } from './b.ts'
import {
  type c,
  c2 as c3,
} from './c.ts'
import './d.ts'
import * as e from './e.ts'
import f, { type f2 } from './f.ts'
export * from './g.ts'
export { type h } from './h.ts'
export type { i } from 'node:i'
const j = await import('./j.ts')
const k = new URL(sources ? './k.ts' : './k.js', import.meta.url)
const text = "import { no } from 'text'"
`
    expect(parseImports(text).sort()).toEqual(
      ['node:i', ...'abcdefghjk'].map(name => (name.length === 1 ? `./${name}.ts` : name)).sort(),
    )
  })

  it('lead to files that are there', () => {
    const files = new Set(sources.map(({ file }) => file))
    const missing = sources.flatMap(({ file, imports }) =>
      imports.filter(name => isFile(name) && !files.has(name)).map(name => `${file} -> ${name}`),
    )
    expect(missing).toEqual([])
  })

  it('know every room', () => {
    const rooms = new Set(sources.map(({ file }) => roomOf(file)).filter(room => room !== ''))
    expect([...rooms].sort()).toEqual(Object.keys(MAY_IMPORT).sort())
  })

  it.each(Object.keys(MAY_IMPORT))('of %s go only where its room may go', room => {
    const allowed = (name: string) => {
      if (name.startsWith('node:') && MAY_IMPORT[room]!.includes('node:*')) return true
      const target = isFile(name) ? roomOf(name) || name : name
      return target === room || MAY_IMPORT[room]!.includes(target)
    }
    const ours = sources.filter(({ file }) => roomOf(file) === room)
    expect(ours).not.toHaveLength(0)
    expect(ours.flatMap(({ file, imports }) => imports.filter(n => !allowed(n)).map(n => `${file} -> ${n}`))).toEqual(
      [],
    )
  })

  it('reach a room through its index only', () => {
    const deep = sources.flatMap(({ file, imports }) =>
      imports
        .filter(name => isFile(name) && roomOf(name) !== '' && roomOf(name) !== roomOf(file))
        .filter(name => name !== `${roomOf(name)}/index.ts`)
        .map(name => `${file} -> ${name}`),
    )
    expect(deep).toEqual([])
  })

  it('never come back to where they began', () => {
    expect(findCycle(sources)?.join(' -> ')).toBeUndefined()
  })

  it('that do come back are seen', () => {
    const chain = (file: string, ...imports: string[]) => ({ file, imports, lines: 1 })
    expect(findCycle([chain('a', 'b'), chain('b', 'c'), chain('c', 'b')])).toEqual(['b', 'c', 'b'])
    expect(findCycle([chain('a', 'b', 'c'), chain('b', 'c'), chain('c')])).toBeUndefined()
  })
})

describe('sources', () => {
  it('have less than 350 lines each', () => {
    expect(sources.filter(({ lines }) => lines >= 350).map(({ file, lines }) => `${file}: ${lines}`)).toEqual([])
  })

  it('have the version of the package', () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
    expect(VERSION).toBe(version)
  })
})
