import { describe, expect, it } from 'vitest'
import { measure, median, shellWords } from '../../../src/bench/measure.ts'

const node = (code: string) => shellWords([process.execPath, '-e', code])

describe('measuring a command', () => {
  it('counts the processor time and the memory of all of a pipeline', async () => {
    const busy = node('const end = process.cpuUsage().user + 3e5; while (process.cpuUsage().user < end);')
    const large = node('const a = Buffer.alloc(2e8, 1); setTimeout(() => a, 300)')
    const run = await measure(`${busy} | ${large}`)
    expect(run.cpuSeconds).toBeGreaterThan(0.3)
    expect(run.peakBytes).toBeGreaterThan(2e8)
    expect(run.peakBytes).toBeLessThan(2e9)
    expect(run.seconds).toBeGreaterThan(0.3)
  })

  it('says what failed, in whichever part of a pipeline', async () => {
    const failing = measure(`{ echo "not here" >&2; exit 3; } | cat`)
    await expect(failing).rejects.toThrow(/^exit 3 from: (.|\n)*\nnot here$/)
  })

  it('ends all of it when aborted', async () => {
    const controller = new AbortController()
    const running = measure('sleep 600 | cat', controller.signal)
    controller.abort(new Error('enough'))
    await expect(running).rejects.toThrow('enough')
    await expect(measure('true', controller.signal)).rejects.toThrow('enough')
  })
})

describe('the median', () => {
  it.each([
    [[3], 3],
    [[9, 1, 2], 2],
    [[4, 1, 3, 2], 2.5],
  ])('of %j is %d', (values, middle) => {
    expect(median(values)).toBe(middle)
  })
})

describe('words for a shell', () => {
  it('come back as they were', async () => {
    const words = ['plain', '', "it's", 'a b', '$HOME', '*', 'new\nline', '"']
    await measure(`[ "$(printf '%s|' ${shellWords(words)})" = ${shellWords([`${words.join('|')}|`])} ]`)
  })
})
