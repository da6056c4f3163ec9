import { join } from 'node:path'
import { expect, it } from 'vitest'
import { streamImage } from '../../../src/image/index.ts'
import { createBinaryCache, narUrl, sendFile, sendStatus, serveCache } from '../../binary-cache.ts'
import { storePathOf } from '../../chroot-store.ts'
import { temporaryFolder } from '../../temporary.ts'

/** More than a thread can be ahead of those before it. */
const SIZE = 80 * 1024 * 1024

it('packs NARs that are longer than what is held, from a server that gives one at a time, and the first last', async () => {
  const cache = createBinaryCache(join(temporaryFolder(), 'cache'))
  const roots = ['a', 'b', 'c'].map(name => storePathOf(name)).sort()
  for (const root of roots) {
    cache.add(root.slice(root.indexOf('-') + 1), { contents: root[11]!.repeat(SIZE) }, { compression: 'none' })
  }
  const first = narUrl(roots[0]!, 'none')
  let [given, busy] = [0, false]
  const server = await serveCache(cache.folder, ({ path }) => {
    if (!path.startsWith('nar/')) return undefined
    if (busy || (path === first && given === 0)) return sendStatus(503)
    busy = true
    given++
    return (response, file, request) => {
      response.on('close', () => {
        busy = false
      })
      sendFile(response, file, request)
    }
  })
  // Short, so that a build that waits for itself is given up.
  const source = { ...server.source, stallTimeout: 2000 }
  let size = 0
  const spec = { roots, source, format: 'tar' } as const
  for await (const chunk of streamImage(spec, { workers: 2, cache: false })) size += chunk.length
  expect(size).toBeGreaterThan(roots.length * SIZE)
})
