import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { build, type ImageSpec } from '../../../src/index.ts'
import {
  type Answer,
  type CacheServer,
  createBinaryCache,
  type PackedOptions,
  publicKeyOf,
  sendFile,
  serveCache,
  TEST_KEY,
  type TestCache,
} from '../../binary-cache.ts'
import { storePathOf } from '../../chroot-store.ts'
import { temporaryFolder } from '../../temporary.ts'
import type { Tree } from '../nix/nar-support.ts'

/** Caches of three servers, asked in this order. */
export interface ThreeCaches {
  readonly caches: readonly TestCache[]
  readonly servers: readonly CacheServer[]
}

export async function createThreeCaches(): Promise<ThreeCaches> {
  const folder = temporaryFolder()
  const caches = [10, 20, 30].map(priority =>
    createBinaryCache(join(folder, `${priority}`), `StoreDir: /nix/store\nPriority: ${priority}\n`),
  )
  return { caches, servers: await Promise.all(caches.map(cache => serveCache(cache.folder))) }
}

/** A source of some of them. */
export const sourceOf = (...some: CacheServer[]) => ({
  caches: some.map(({ url }) => url),
  trustedPublicKeys: [publicKeyOf(TEST_KEY)],
  stallTimeout: 500,
})

/** The bytes of an image, as a stream. */
export async function streamed(spec: ImageSpec): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of build(spec, { workers: 2, cache: false }).stream()) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** The bytes of an image, as a file; its warnings. */
export async function built(spec: ImageSpec) {
  const out = join(temporaryFolder(), 'out')
  const { image, warnings } = await build({ name: 'x', ...spec }, { workers: 2, cache: false }).toFolder(out)
  return { bytes: readFileSync(image), warnings: warnings.map(({ message }) => message) }
}

/** Builds what must fail, and sees that nothing is left. */
export async function failureOf(spec: ImageSpec): Promise<Error & { code?: string; path?: string }> {
  const out = temporaryFolder()
  const error = await build({ name: 'x', ...spec }, { workers: 2, cache: false })
    .toFolder(out)
    .then(
      () => new Error('it was built'),
      (error: Error) => error,
    )
  expect(readdirSync(out)).toEqual([])
  return error
}

/** A tree of so many bytes that do not compress; the same for the same seed. */
export function treeOf(seed: string, size: number): Tree {
  const parts: Buffer[] = []
  for (let i = 0; i * 64 < size; i++) parts.push(createHash('sha512').update(`${seed} ${i}`).digest())
  return { children: { file: { contents: Buffer.concat(parts).subarray(0, size).toString('latin1') } } }
}

/** The same store paths for any caches: a root with two others in its closure. Resolves to the root. */
export function addClosure(to: readonly TestCache[], size = 50_000, options: PackedOptions = {}): string {
  for (const cache of to) {
    cache.add('lib', treeOf('lib', size), options)
    cache.add('base', treeOf('base', 3000), options)
    cache.add('app', treeOf('app', 1000), { ...options, references: [storePathOf('lib'), storePathOf('base')] })
  }
  return storePathOf('app')
}

/** Whether a path on a server is that of a NAR. */
export const isNar = (path: string) => path.startsWith('nar/')
/** Sends a file with a bit turned over, at this share of its length. */
export const flipAt = (share: number): Answer => {
  return (response, file, request) => {
    const flipped = Buffer.from(file!)
    flipped[Math.floor((flipped.length - 1) * share)]! ^= 0x10
    sendFile(response, flipped, request)
  }
}
