import { describe, expect, it } from 'vitest'
import { barChart } from '../../../src/bench/charts.ts'

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

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('refuses a length of %d', value => {
    const bar = { label: 'l', value, text: 't', ours: false }
    expect(() => barChart({ title: 't', subtitle: 's', bars: [bar] })).toThrow(RangeError)
  })
})
