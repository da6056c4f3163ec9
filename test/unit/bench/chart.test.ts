import { describe, expect, it } from 'vitest'
import { barChart } from '../../../src/bench/bar-chart.ts'
import { frontierChart } from '../../../src/bench/frontier-chart.ts'
import { isOnFrontier } from '../../../src/bench/report.ts'

const bars = [
  { label: 'GNU tar', value: 100, text: '100 MB/s', ours: false },
  { label: 'a <b> & "c"', value: 200, text: '200 MB/s', ours: true },
]

/** Whether every element that is opened is closed, in order. */
function isBalanced(svg: string): boolean {
  const open: string[] = []
  for (const [, close, name, self] of svg.matchAll(/<(\/?)([\w:]+)[^<>]*?(\/?)>/g)) {
    if (self) continue
    if (!close) open.push(name!)
    else if (open.pop() !== name) return false
  }
  return open.length === 0
}

describe('a chart of bars', () => {
  const svg = barChart({ title: 'Tar', subtitle: 'longer is better', bars })

  it('is well-formed, with every text escaped', () => {
    expect(svg).toMatch(/^<svg /)
    expect(isBalanced(svg)).toBe(true)
    expect(svg).toContain('a &lt;b&gt; &amp;')
    expect(svg).not.toContain('<b>')
    for (const { text } of bars) expect(svg).toContain(`>${text}</text>`)
  })

  it('is the same each time', () => {
    expect(barChart({ title: 'Tar', subtitle: 'longer is better', bars })).toBe(svg)
  })

  it('takes nothing, zeros, and values that are decades apart', () => {
    for (const values of [[], [0], [0, 0], [0.5, 140], [0, 1e9]]) {
      const some = values.map(value => ({ label: `${value}`, value, text: `${value} s`, ours: false }))
      const svg = barChart({ title: 't', subtitle: 's', bars: some })
      expect(isBalanced(svg)).toBe(true)
      expect(svg).not.toContain('NaN')
    }
  })
})

describe('a chart of time against size', () => {
  const row = (name: string, level: number | undefined, seconds: number, size: number) => {
    return { name, ours: name.startsWith('our'), level, seconds, cpuSeconds: seconds, size }
  }
  const rows = [
    row('zstd', 1, 1, 90e6),
    row('zstd', 19, 90, 60e6),
    row('our tar.xz', 6, 40, 50e6),
    row('GNU tar', undefined, 1, 3e8),
  ]

  it('is well-formed, and tells every level', () => {
    const svg = frontierChart(rows)
    expect(isBalanced(svg)).toBe(true)
    expect(svg).toContain('zstd -19: 90.0 s, 60.0 MB')
    expect(svg).not.toContain('GNU tar')
    expect(svg).not.toContain('NaN')
  })

  it('has the unit at every tick, a legend, and the numbers of levels', () => {
    const texts = [...frontierChart(rows).matchAll(/>([^<]+)<\/text>/g)].map(([, text]) => text)
    for (const text of ['10 s', '60 MB', 'zstd', 'our tar.xz', '1', '19', '6']) expect(texts).toContain(text)
  })

  it.each([
    [59.8, 103],
    [50, 300],
    [60, 75],
    [60, 61],
  ])('writes no size over another one: from %d to %d MB', (least, most) => {
    const svg = frontierChart([row('zstd', 1, 1, most * 1e6), row('zstd', 19, 90, least * 1e6)])
    const places = [...svg.matchAll(/<text x="([\d.]+)"[^>]*>[\d.]+ MB</g)].map(([, x]) => Number(x))
    for (const [i, place] of places.slice(1).entries()) expect(place - places[i]!).toBeGreaterThan(45)
  })

  it('takes nothing, and one point', () => {
    for (const some of [[], rows.slice(2, 3)]) {
      expect(isBalanced(frontierChart(some))).toBe(true)
      expect(frontierChart(some)).not.toContain('NaN')
    }
  })

  it('knows what nothing else is both faster and smaller than', () => {
    expect(rows.map(row => isOnFrontier(row, rows))).toEqual([true, false, true, true])
  })
})
