import { readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { prepareImage } from '../../../src/plan/prepare.ts'
import { startThreads } from '../../../src/pool/index.ts'
import { createSizes, type PackOptions, packImage } from '../../../src/produce/packing.ts'
import { createBinaryCache, narUrl } from '../../binary-cache.ts'
import { storePathOf } from '../../chroot-store.ts'
import { temporaryFolder } from '../../temporary.ts'
import { sendFile, serve } from '../http/servers.ts'

/** More than sockets hold of what a thread that waits has not read: on Linux, 4 MB at the server, and some here. */
const SIZE = 16 * 1024 * 1024

const PIECE_SIZE = 256 * 1024

it('packs NARs that are longer than what is held, from a server that gives one at a time, and the first last', async () => {
  const cache = createBinaryCache(join(temporaryFolder(), 'cache'))
  const roots = ['a', 'b', 'c'].map(name => storePathOf(name)).sort()
  const nars = new Map<string, Buffer>()
  for (const root of roots) {
    cache.add(root.slice(root.indexOf('-') + 1), { contents: root[11]!.repeat(SIZE) }, { compression: 'none' })
    const url = narUrl(root, 'none')
    nars.set(`/${url}`, readFileSync(join(cache.folder, url)))
  }
  const [first] = nars.keys()
  const given: string[] = []
  let current: ServerResponse | undefined
  const server = await serve((request, response) => {
    const path = request.url!
    const file = nars.get(path)
    if (!file) return sendFile(request, response, { file: readFileSync(join(cache.folder, path)) })
    if (current || (path === first && given.length === 0)) return void response.writeHead(503).end()
    current = response.on('close', () => {
      current = undefined
    })
    given.push(path)
    sendFile(request, response, { file })
  })

  // Short, so that a build that waits for itself is given up.
  const source = { ...cache.source, caches: [server.at('/').href], stallTimeout: 2000 }
  const spec = { roots, source, format: 'tar' } as const
  const { plan } = await prepareImage(spec)
  const packers = startThreads(
    new URL('../../../src/produce/worker.ts', import.meta.url),
    2,
    new AbortController().signal,
  )
  onTestFinished(() => packers.stop())
  const options: PackOptions = {
    packers,
    lanes: 2,
    pieceSize: PIECE_SIZE,
    slotSize: PIECE_SIZE,
    piecesAhead: 2,
    fetched: new SharedArrayBuffer(8),
    onMislabelling() {},
  }
  let size = 0
  for await (const piece of packImage(plan, plan.batches, options, createSizes(plan))) {
    size += piece.length
    piece.release()
  }
  expect(size).toBeGreaterThan(roots.length * SIZE)
  // Each once, and again when its thread has waited for those before it; not to and fro.
  expect(given.length).toBeLessThanOrEqual(3 * roots.length)
})
