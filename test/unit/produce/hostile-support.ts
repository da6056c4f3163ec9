import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { build, type ImageSpec } from '../../../src/index.ts'
import { type Answer, type CacheServer, createBinaryCache, serveCache, type TestCache } from '../../binary-cache.ts'
import { storePathOf } from '../../chroot-store.ts'
import { temporaryFolder } from '../../temporary.ts'
import { narOfTree, type Tree } from '../nix/nar-support.ts'

/** The store path that is asked for. */
export const PATH = storePathOf('a')

const TREE: Tree = { children: { file: { contents: 'some text that is compressed\n'.repeat(5000) } } }

/** Its NAR. */
export const NAR = narOfTree(TREE)

export type Failure = Error & { code?: string; path?: string; url?: string }

/** A cache whose server does what a test has it do. */
export interface HostileCache {
  /** A folder of the test's own. */
  readonly folder: string
  readonly cache: TestCache
  readonly server: CacheServer
  /** Builds what must fail into an empty folder, and sees that it still is empty. */
  failureOf(spec?: Partial<ImageSpec>): Promise<Failure>
  /** Builds what must fail, and sees that the error has the code, and says which store path and which file it is about. */
  expectFailure(code: string, url: string, spec?: Partial<ImageSpec>, path?: string): Promise<Failure>
  /** Has the server answer for narinfos in another way. */
  bendNarInfo(answer: Answer): void
}

export async function createHostileCache(): Promise<HostileCache> {
  const folder = temporaryFolder()
  const cache = createBinaryCache(join(folder, 'cache'))
  const server = await serveCache(cache.folder)
  const failureOf = async (spec: Partial<ImageSpec> = {}): Promise<Failure> => {
    const out = join(folder, 'out')
    mkdirSync(out)
    // Nobody should wait half a minute for a server that never comes.
    const built = { source: { ...server.source, stallTimeout: 2000 }, roots: [PATH], format: 'tar', ...spec } as const
    const error = await build(built, { workers: 1 })
      .toFolder(out)
      .then(
        () => new Error('it was built'),
        (error: Failure) => error,
      )
    expect(readdirSync(out)).toEqual([])
    rmSync(out, { recursive: true })
    return error
  }
  return {
    folder,
    cache,
    server,
    failureOf,
    async expectFailure(code, url, spec, path = PATH) {
      const error = await failureOf(spec)
      expect(error).toMatchObject({ code, path, message: expect.stringContaining(path) })
      expect(error.message).toContain(url)
      return error
    },
    bendNarInfo(answer) {
      server.bend = ({ path }) => (path.endsWith('.narinfo') ? answer : undefined)
    },
  }
}

/** Turns a byte in the middle over. */
export function flip(bytes: Uint8Array): Uint8Array {
  const flipped = bytes.slice()
  flipped[bytes.length >> 1]! ^= 0x55
  return flipped
}
