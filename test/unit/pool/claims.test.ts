import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { claimNumbers, createClaims, openClaims } from '../../../src/pool/index.ts'

describe('claims', () => {
  it('give each number to one thread, and tell which', async () => {
    const count = 20_000
    const memory = createClaims(count)
    const claims = openClaims(memory)
    const owners = Promise.all(Array.from({ length: count }, (_, number) => claims.ownerOf(number)))
    const results = await Promise.all(
      [0, 1, 2, 3].map(async owner => {
        const worker = new Worker(new URL('./claims-worker.ts', import.meta.url), {
          workerData: { claims: memory, owner },
        })
        const [numbers] = (await once(worker, 'message')) as [number[]]
        return numbers
      }),
    )
    const expected: number[] = []
    for (const [owner, numbers] of results.entries()) {
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
      for (const number of numbers) {
        expect(expected[number]).toBeUndefined()
        expected[number] = owner
      }
    }
    expect(await owners).toEqual(expected)
    expect(expected).toHaveLength(count)
  })

  it('are given lowest first', () => {
    const memory = createClaims(3)
    const [one, two] = [claimNumbers(memory, 0), claimNumbers(memory, 1)]
    expect([one.next().value, two.next().value, one.next().value]).toEqual([0, 1, 2])
    expect([two.next().done, one.next().done]).toEqual([true, true])
  })

  it('wake whoever waits when they are closed, and nobody claims any more', async () => {
    const memory = createClaims(3)
    const claims = openClaims(memory)
    const numbers = claimNumbers(memory, 7)
    expect(numbers.next().value).toBe(0)
    const waiting = claims.ownerOf(1)
    claims.close()
    expect(await waiting).toBeUndefined()
    expect(await claims.ownerOf(0)).toBe(7)
    expect(await claims.ownerOf(2)).toBeUndefined()
    expect(numbers.next().done).toBe(true)
  })

  it('can be none', () => {
    expect([...claimNumbers(createClaims(0), 0)]).toEqual([])
  })
})
