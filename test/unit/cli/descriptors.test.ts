import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createBinaryCache, publicKeyOf, serveCache, TEST_KEY, type TestCache } from '../../binary-cache.ts'
import { storePathOf } from '../../chroot-store.ts'
import { runCommand } from '../../command.ts'
import { temporaryFolder } from '../../temporary.ts'

/** More narinfos than there are descriptors. */
const NAMES = Array.from({ length: 60 }, (_, i) => `part-${i}`)

function cacheOfMany(): TestCache {
  const cache = createBinaryCache(join(temporaryFolder(), 'cache'))
  for (const name of NAMES) cache.add(name, { contents: name.repeat(5_000) }, { compression: 'none' })
  cache.add('root', { contents: 'root' }, { compression: 'none', references: NAMES.map(storePathOf) })
  return cache
}

/** Builds from a cache with at most so many descriptors: too few for four threads and all that they read at a time. */
async function build(descriptors: number, url: string, format: string) {
  const out = join(temporaryFolder(), 'out')
  const source = ['--root', storePathOf('root'), '--store', url, '--trusted-public-key', publicKeyOf(TEST_KEY)]
  const words = ['build', ...source, '--workers', '4', '--format', format, '--name', 'x', '--out', out]
  const { code, stderr } = await runCommand(words, { first: `ulimit -n ${descriptors}` })
  return { code, stderr, out }
}

describe('a build with few descriptors', () => {
  it('waits for them as it reads files', async () => {
    const built = await build(48, `file://${cacheOfMany().folder}`, 'tar')
    expect(built).toMatchObject({ code: 0 })
  })

  it.each([64, 50])('waits for them as it asks servers: %i', async descriptors => {
    const server = await serveCache(cacheOfMany().folder)
    const built = await build(descriptors, server.url, 'tar.zst')
    expect(built).toMatchObject({ code: 0 })
  })

  it('that do not even suffice for one thread says how many would, and leaves nothing behind', async () => {
    const { code, stderr, out } = await build(26, `file://${cacheOfMany().folder}`, 'tar')
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^nspawn-rootfs: .*as many files open.*\(ulimit -n 256\)$/m),
    })
    expect(() => readdirSync(out)).toThrow('ENOENT')
  })
})
