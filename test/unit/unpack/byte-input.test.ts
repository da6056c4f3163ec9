import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createByteInput } from '../../../src/unpack/index.ts'
import { lent } from '../../lent.ts'

describe('a byte input', () => {
  it('gives all bytes in their order, however they come and are taken', async () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 10 })
    const steps = fc.array(fc.tuple(fc.constantFrom('take', 'gather', 'peek', 'unread', 'rest'), fc.nat(30)))
    await fc.assert(
      fc.asyncProperty(pieces, steps, fc.integer({ min: 1, max: 25 }), async (pieces, steps, pieceSize) => {
        const all = Buffer.concat(pieces)
        const input = createByteInput(lent(pieces), pieceSize)
        let at = 0
        for (const [step, count] of steps) {
          const left = all.subarray(at)
          if (step === 'take') {
            const piece = await input.take()
            expect(piece === undefined).toBe(left.length === 0)
            expect(piece?.length ?? 0).toBeLessThanOrEqual(pieceSize)
            expect(Buffer.from(piece ?? [])).toEqual(left.subarray(0, piece?.length ?? 0))
            at += piece?.length ?? 0
          } else if (step === 'gather') {
            expect(Buffer.from(await input.gather(count))).toEqual(left.subarray(0, count))
            at += Math.min(count, left.length)
          } else if (step === 'peek') {
            expect(Buffer.from(await input.peek(count))).toEqual(left.subarray(0, count))
          } else if (step === 'unread') {
            const piece = await input.gather(count)
            input.unread(piece.subarray(1))
            at += Math.min(1, piece.length)
          } else {
            for await (const piece of input.rest()) {
              at += piece.length
              break
            }
          }
        }
        expect(await input.drain()).toBe(all.length - at)
        expect(input.size).toBe(all.length)
        expect(await input.take()).toBeUndefined()
      }),
    )
  })

  it('takes pieces as they come if nothing is said of their size', async () => {
    const pieces = [Buffer.from('ab'), Buffer.alloc(0), Buffer.alloc(100_000)]
    const taken: number[] = []
    for await (const piece of createByteInput(lent(pieces)).rest()) taken.push(piece.length)
    expect(taken).toEqual([2, 100_000])
  })

  it('ends its source when it is closed', async () => {
    const source = lent([Buffer.from('ab'), Buffer.from('cd')])
    const input = createByteInput(source)
    await input.take()
    await input.close()
    expect(await source.next()).toMatchObject({ done: true })
  })
})
