import { stripVTControlCharacters } from 'node:util'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createProgressView } from '../../../src/cli/progress-view.ts'
import { storePathOf } from '../../chroot-store.ts'
import { createFakeStream } from './fake-stream.ts'

const at = (bytesDone: number, path?: string) => ({ bytesDone, bytesTotal: 1000, path })
const ESCAPE = '\x1b'
const CLEAR_TO_END = `${ESCAPE}[K`

let now = 0
beforeEach(() => {
  now = 10_000
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  vi.stubEnv('NO_COLOR', undefined)
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

describe('on a terminal, progress', () => {
  it('is a bar, figures and the name of the path, drawn over', () => {
    const { stream, written } = createFakeStream(true)
    createProgressView(stream).show(at(500, storePathOf('a-name')))
    expect(stripVTControlCharacters(written.join(''))).toBe(
      `\r${'█'.repeat(12)}${'░'.repeat(12)}  50%  500 B of 1.00 kB  a-name`,
    )
    expect(written.join('').startsWith('\r')).toBe(true)
    expect(written.join('').endsWith(CLEAR_TO_END)).toBe(true)
  })

  it('is drawn no more often than can be seen', () => {
    const { stream, written } = createFakeStream(true)
    const view = createProgressView(stream)
    for (let i = 0; i < 100; i++) {
      view.show(at(i))
      now += 1
    }
    expect(written).toHaveLength(2)
  })

  // A terminal that does not know its width is taken for one of 80.
  it.each([1, 7, 20, 40, 60, 80, 200, 0])('fits into %d columns', columns => {
    for (const fetched of [undefined, { bytesDone: 999, bytesTotal: 123_456_789_012 }]) {
      const { stream, written } = createFakeStream(true, { columns })
      createProgressView(stream).show({ ...at(999, storePathOf('x'.repeat(200))), fetched })
      const shown = stripVTControlCharacters(written.join('')).replace('\r', '')
      expect(shown.length).toBeLessThan(columns || 80)
      if (columns >= 20) expect(shown).toContain('99%')
    }
  })

  it('makes room for what comes next, if there was anything', () => {
    const { stream, written } = createFakeStream(true)
    const view = createProgressView(stream)
    view.clear()
    expect(written).toEqual([])
    view.show(at(1))
    view.clear()
    view.clear()
    expect(written.slice(1)).toEqual([`\r${CLEAR_TO_END}`])
  })

  it('has colours, unless NO_COLOR says no', () => {
    const colour = `${ESCAPE}[36m`
    const { stream, written } = createFakeStream(true)
    createProgressView(stream).show(at(500, 'a'))
    expect(written.join('')).toContain(colour)
    vi.stubEnv('NO_COLOR', '1')
    const plain = createFakeStream(true, { colours: false })
    createProgressView(plain.stream).show(at(500, 'a'))
    expect(plain.written.join('').replace(CLEAR_TO_END, '')).not.toContain(ESCAPE)
  })
})

describe('in a log, progress', () => {
  it('is a line every ten per cent, without control characters', () => {
    const { stream, written } = createFakeStream(false)
    const view = createProgressView(stream)
    now += 10_000
    for (let done = 0; done <= 1000; done++) view.show(at(done, storePathOf('a-name')))
    view.clear()
    expect(written).toHaveLength(10)
    expect(written[0]).toBe('10%  100 B of 1.00 kB\n')
    expect(written.at(-1)).toBe('100%  1.00 kB of 1.00 kB\n')
    expect(written.join('')).not.toContain(ESCAPE)
  })

  it('is nothing in the first ten seconds', () => {
    const { stream, written } = createFakeStream(false)
    const view = createProgressView(stream)
    for (let done = 0; done <= 990; done++) {
      view.show(at(done))
      now += 10
    }
    expect(written).toEqual([])
    now += 100
    view.show(at(1000))
    expect(written).toEqual(['100%  1.00 kB of 1.00 kB\n'])
  })

  it('leaves lines out where it leaps', () => {
    const { stream, written } = createFakeStream(false)
    const view = createProgressView(stream)
    now += 10_000
    for (const done of [5, 455, 460, 999, 1000]) view.show(at(done))
    expect(written.map(line => line.split(' ')[0])).toEqual(['45%', '99%', '100%'])
  })

  it('is done where there is nothing to do', () => {
    const { stream, written } = createFakeStream(false)
    const view = createProgressView(stream)
    now += 10_000
    view.show({ bytesDone: 0, bytesTotal: 0, path: undefined })
    expect(written).toEqual(['100%  0 B of 0 B\n'])
  })
})
