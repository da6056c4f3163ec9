import { describe, expect, it } from 'vitest'
import { type BenchReport, drawCharts, formatReport, type Row } from '../../../src/bench/index.ts'

const row = (name: string, ours: boolean, seconds: number, ratio: number): Row => ({
  ...{ name, ours, seconds, ratio },
  ...{ cpuSeconds: seconds * 2, peakBytes: 250e6, bytesPerSecond: 1e9 / seconds, size: 239_400_000, tree: 'same' },
})

const report: BenchReport = {
  subject: 'nspawn-rootfs 9.9.9',
  machine: { processor: 'A & B', cores: 2, memory: 24e9, kernel: '6.1', node: '24.1.0' },
  closure: { what: 'a closure', storePaths: 303, entries: 65_199, tarSize: 1e9 },
  ...{ rounds: 3, level: 6, workers: 2 },
  tar: [row('GNU tar', false, 1.25, 1), row('nspawn-rootfs', true, 1, 0.8)],
  tarXz: [row('GNU tar, pixz -t', false, 140, 1), row('nspawn-rootfs', true, 63, 0.45)],
  rebuild: [row('GNU tar, pixz -t', false, 140, 1), row('again', true, 0.5, 0.5 / 140)],
  growth: [
    { tarSize: 25e7, seconds: 16, peakBytes: 400e6 },
    { tarSize: 5e8, seconds: 32, peakBytes: 410e6 },
    { tarSize: 1e9, seconds: 63, peakBytes: 420e6 },
  ],
}

describe('a report', () => {
  it('says what was measured, where, and each figure below its name', () => {
    const text = formatReport(report)
    expect(text).toContain('nspawn-rootfs 9.9.9 on A & B, 2 cores, 24 GB, Linux 6.1, Node 24.1.0')
    expect(text).toContain('a closure: 303 store paths, 65199 entries, 1000 MB of tar')
    expect(text).toContain('at most 2 workers in our builds and in programs that take a number\n')
    expect(text).toContain('| **nspawn-rootfs** |   63.00 |  0.45 | 126.00 | 15.9 |     250 | 239.4 | same |')
    expect(text).toMatch(/\| \*\*again\*\* +\| +0\.50 \| 1\/280 \|/)
    const tables = text.split('\n\n').filter(part => part.startsWith('|'))
    expect(tables).toHaveLength(4)
    for (const table of tables)
      expect(
        new Set(
          table
            .trim()
            .split('\n')
            .map(line => line.length),
        ).size,
      ).toBe(1)
  })

  it('leaves out what was not measured', () => {
    const { tar: _, tarXz: __, growth: ___, ...rest } = report
    expect(formatReport(rest)).not.toMatch(/Plain tar|Growth/)
    expect([...drawCharts(rest).keys()]).toEqual(['rebuild.svg'])
  })

  it('has a chart for each part', () => {
    const charts = drawCharts(report)
    expect([...charts.keys()]).toEqual(['tar.svg', 'tar-xz.svg', 'rebuild.svg', 'growth.svg'])
    expect(charts.get('tar-xz.svg')).toContain('63.0 s · 239.4 MB')
    expect(charts.get('growth.svg')).toContain('32.0 s, 410 MB')
  })

  it('names parts of the closure by their sizes: a large store path makes them more than a quarter or a half', () => {
    const growth = drawCharts(report).get('growth.svg')
    for (const size of ['250 MB of tar', '500 MB of tar', '1000 MB of tar']) expect(growth).toContain(size)
    expect(growth).not.toMatch(/quarter|half/)
  })
})
