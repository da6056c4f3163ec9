import { type Bar, barChart } from './bar-chart.ts'
import { lineChart } from './line-chart.ts'
import type { BenchReport, Row } from './report.ts'

/** The charts of a report: SVG texts by file name. */
export function drawCharts(report: BenchReport): Map<string, string> {
  const charts = new Map<string, string>()
  const { tar, tarXz, rebuild, growth } = report
  if (tar) {
    const bars = barsOf(
      tar,
      row => row.bytesPerSecond / 1e6,
      row => `${(row.bytesPerSecond / 1e6).toFixed(0)} MB/s`,
    )
    charts.set('tar.svg', barChart({ title: 'Plain tar', subtitle: 'MB a second into a pipe, longer is better', bars }))
  }
  if (tarXz) {
    const bars = barsOf(tarXz, row => row.seconds, timeAndSize)
    charts.set('tar-xz.svg', barChart({ title: '.tar.xz', subtitle: 'seconds, shorter is better', bars }))
  }
  if (rebuild) {
    const bars = barsOf(
      rebuild,
      row => row.seconds,
      row => `${row.seconds.toFixed(2)} s`,
    )
    const subtitle = 'seconds (by powers of ten), shorter is better'
    charts.set('rebuild.svg', barChart({ title: '.tar.xz, built again', subtitle, bars, logarithmic: true }))
  }
  if (growth) {
    const points = growth.map(({ tarSize, seconds, peakBytes }) => ({
      x: tarSize / 1e6,
      y: seconds,
      text: `${seconds.toFixed(1)} s, ${(peakBytes / 1e6).toFixed(0)} MB`,
    }))
    const lines = [{ label: 'nspawn-rootfs', points, ours: true }]
    const subtitle = 'seconds for a quarter, a half and all of a closure; beside them the peak of memory'
    const xText = (x: number) => x.toFixed(0)
    charts.set('growth.svg', lineChart({ title: 'Growth', subtitle, xLabel: 'MB of tar', xText, lines }))
  }
  return charts
}

function barsOf(rows: readonly Row[], value: (row: Row) => number, text: (row: Row) => string): Bar[] {
  return rows.map(row => ({ label: row.name, value: value(row), text: text(row), ours: row.ours }))
}

function timeAndSize({ seconds, size }: Row): string {
  return `${seconds.toFixed(1)} s · ${(size / 1e6).toFixed(1)} MB`
}
