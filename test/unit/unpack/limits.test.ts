import { expect, it } from 'vitest'
import { createPartLimit, limitExpansion, UNPACK_LIMITS } from '../../../src/unpack/limits.ts'

it('what comes out may be a thousand times as much', async () => {
  const count = async (size: number) => {
    let read = 0
    const bytes = (async function* () {
      for (let i = 0; i < 400; i++) yield Buffer.alloc(1e6)
    })()
    for await (const piece of limitExpansion(bytes, { size }, UNPACK_LIMITS)) read += piece.length
    return read
  }
  expect(await count(200_000)).toBe(400e6)
  await expect(count(100_000)).rejects.toMatchObject({ code: 'UNPACK_TOO_LARGE' })
})

it('parts may be as many as there are kilobytes, besides ten thousand', () => {
  const countPart = createPartLimit('parts', { size: 2048 }, UNPACK_LIMITS)
  for (let i = 0; i < 10_002; i++) countPart()
  expect(countPart).toThrow(/over 10002 parts/)
  const any = createPartLimit('parts', { size: 2048 })
  for (let i = 0; i < 10_100; i++) any()
})
