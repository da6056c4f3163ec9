import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { xz } from '@napi-rs/lzma'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { pullImage } from '../../../src/index.ts'
import { createSilence } from '../../../src/pull/silence.ts'
import { temporaryFolder } from '../../temporary.ts'
import { serve } from './servers.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

describe('a server that is silent', () => {
  it('is told of once, and again when it goes on', async () => {
    const told: boolean[] = []
    const silence = createSilence(isSilent => told.push(isSilent))
    const answers = [Promise.withResolvers<number>(), Promise.withResolvers<number>()]
    const waits = answers.map(({ promise }) => silence.wait(promise))
    await vi.advanceTimersByTimeAsync(9000)
    expect(told).toEqual([])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(told).toEqual([true])
    answers[0].resolve(1)
    expect(await waits[0]).toBe(1)
    expect(told).toEqual([true, false])
    await vi.advanceTimersByTimeAsync(11_000)
    expect(told).toEqual([true, false, true])
    answers[1].reject(new Error('gone'))
    await expect(waits[1]).rejects.toThrow('gone')
    // Nobody waits any more, and nothing has come.
    await vi.advanceTimersByTimeAsync(60_000)
    expect(told).toEqual([true, false, true])
  })

  it('is heard in each part of what it sends', async () => {
    const told: boolean[] = []
    const silence = createSilence(isSilent => told.push(isSilent))
    async function* slow() {
      for (let i = 0; i < 3; i++) {
        await new Promise(resolve => setTimeout(resolve, 8000))
        yield Uint8Array.of(i)
      }
    }
    const parts: number[] = []
    const reading = (async () => {
      for await (const [byte] of silence.waitForBytes(slow())) parts.push(byte)
    })()
    await vi.advanceTimersByTimeAsync(30_000)
    await reading
    expect(parts).toEqual([0, 1, 2])
    expect(told).toEqual([])
  })
})

describe('whoever is told of the silence', () => {
  it.each([true, false])('ends the pull by an error (told %j)', async last => {
    // Sockets and disks are real, and need the other timers.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'web.tar.xz'), 'image')
    const thrown: unknown[] = []
    const fault = () => {
      try {
        vi.advanceTimersByTime(10_000)
      } catch (error) {
        thrown.push(error)
      }
    }
    const { url } = await serve(folder, { fault })
    const error = new Error('enough')
    const told: boolean[] = []
    const pulling = pullImage(url, temporaryFolder(), {
      ...{ verify: 'no', cache: false },
      onSilence(isSilent) {
        told.push(isSilent)
        if (isSilent === last) throw error
      },
    })
    await expect(pulling).rejects.toBe(error)
    expect(told.at(-1)).toBe(last)
    // From a timer, it would end the process.
    expect(thrown).toEqual([])
  })
})

describe('whoever is told of the progress of a pull', () => {
  it.each<[string, (error: Error) => Promise<void>]>([
    [
      'throws',
      error => {
        throw error
      },
    ],
    ['rejects', error => Promise.reject(error)],
    ['rejects later', error => new Promise((_, reject) => setTimeout(reject, 100, error))],
  ])('ends it by an error, and nothing is there: %s', async (_, tell) => {
    vi.useRealTimers()
    const [from, to] = [temporaryFolder(), temporaryFolder()]
    writeFileSync(join(from, 'web.tar.xz'), xz.compressSync(Buffer.from('image')))
    const { url } = await serve(from)
    const error = new Error('enough')
    const options = { verify: 'no', cache: false, onProgress: () => tell(error) } as const
    await expect(pullImage(url, to, options)).rejects.toBe(error)
    expect(readdirSync(to)).not.toContain('web.tar.xz')
  })
})
