import fc from 'fast-check'
import { expect, it } from 'vitest'
import { readAhead } from '../../../src/produce/look-ahead.ts'

it('gives what is asked for, reads nothing twice, and so many ahead', async () => {
  const numbers = Array.from({ length: 30 }, (_, i) => i)
  await fc.assert(
    fc.asyncProperty(fc.subarray(numbers), fc.integer({ min: 0, max: 4 }), async (asked, depth) => {
      const items = numbers.map(number => ({ number }))
      const read: number[] = []
      const get = readAhead(items, depth, async ({ number }) => {
        read.push(number)
        if (number % 7 === 3) throw new Error(`${number} cannot be read`)
        return number * number
      })
      for (const number of asked) {
        const reading = get(items[number])
        if (number % 7 === 3) await expect(reading).rejects.toThrow(`${number} cannot`)
        else expect(await reading).toBe(number * number)
        expect(read).toContain(number)
        expect(read.at(-1)).toBe(Math.min(number + depth, numbers.length - 1))
        expect(new Set(read).size).toBe(read.length)
      }
    }),
  )
})
