import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { inParallel } from '../../src/in-parallel.ts'

describe('work in parallel', () => {
  it('is done for every item, with no more under way than are allowed', async () => {
    const items = Array.from({ length: 20 }, (_, i) => i)
    const done: number[] = []
    let running = 0
    let most = 0
    await inParallel(items, 3, async item => {
      most = Math.max(most, ++running)
      await setTimeout(item % 4)
      running--
      done.push(item)
    })
    expect(done.sort((a, b) => a - b)).toEqual(items)
    expect(most).toBe(3)
    await inParallel([], 3, () => Promise.reject(new Error('there is nothing to do')))
  })

  it('is done for items that are added meanwhile, as many at a time', async () => {
    const items = [0]
    let running = 0
    let most = 0
    await inParallel(items, 4, async item => {
      most = Math.max(most, ++running)
      await setTimeout(1)
      if (item === 0) items.push(1, 2, 3, 4, 5)
      running--
    })
    expect([items.length, running, most]).toEqual([6, 0, 4])
  })

  it('ends with the first error, once all that was begun has ended', async () => {
    const begun: number[] = []
    const ended: number[] = []
    const work = inParallel([0, 1, 2, 3, 4, 5], 3, async item => {
      begun.push(item)
      if (item === 1) throw new Error('first')
      await setTimeout(5)
      ended.push(item)
      if (item === 2) throw new Error('second')
    })
    await expect(work).rejects.toThrow('first')
    expect([begun, ended]).toEqual([
      [0, 1, 2],
      [0, 2],
    ])
  })

  it('ends where the work throws before it is a promise', async () => {
    const throwing = () => {
      throw new TypeError('at once')
    }
    await expect(inParallel([1, 2, 3], 2, throwing)).rejects.toThrow('at once')
  })
})
