import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { createAccess } from '../../../src/nar-file/index.ts'
import { fetchParts } from '../../../src/pull/fetch-parts.ts'
import type { PartialImage } from '../../../src/pull/partial-image.ts'
import { openImageServer } from '../../../src/pull/server.ts'
import { temporaryFolder } from '../../temporary.ts'
import { serve } from './servers.ts'

it('fetches again whatever number of pieces came wrong', async () => {
  const size = 400_000
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'web.tar.xz'), Buffer.alloc(size))
  let count = 0
  const { url } = await serve(folder, {
    ranges: false,
    fault(answer) {
      if (count++ === 0) for (let i = 0; i < size; i += 2) answer.body[i] = 1
    },
  })
  const access = createAccess({})
  onTestFinished(() => access.close())
  const { signal } = new AbortController()
  const image = new Uint8Array(size).fill(2)
  const sha256 = createHash('sha256').update(Uint8Array.of(0)).digest('hex')
  await fetchParts(
    Array.from({ length: size }, (_, offset) => ({ offset, size: 1, sha256 })),
    {
      server: openImageServer(new URL(url), access, signal, () => {}),
      ...{ file: 'web.tar.xz', size, signal },
      // In memory: so many writes to a file take their time.
      partial: { write: async (bytes, position) => image.set(bytes, position) } as PartialImage,
      onFetched() {},
    },
  )
  expect(image.every(byte => byte === 0)).toBe(true)
  expect(count).toBe(2)
})
