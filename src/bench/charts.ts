import { type Bar, barChart } from './bar-chart.ts'
import { frontierChart } from './frontier-chart.ts'
import type { BenchReport, Row } from './report.ts'

/** The files that {@link drawCharts} names. */
export const CHART_FILES = ['tar.svg', 'tar-xz.svg', 'rebuild.svg', 'growth.svg', 'frontier.svg'] as const

/** The charts of a report: SVG texts by file name. */
export function drawCharts({ tar, tarXz, rebuild, growth, frontier }: BenchReport): Map<string, string> {
  const charts = new Map<string, string>()
  const draw = <T>(
    name: (typeof CHART_FILES)[number],
    title: string,
    subtitle: string,
    rows: readonly T[] | undefined,
    bar: (row: T) => Bar,
  ) => {
    if (rows) charts.set(name, barChart({ title, subtitle, bars: rows.map(bar) }))
  }
  const barOf = ({ name, ours }: Row, value: number, text: string): Bar => ({ label: name, ours, value, text })
  const shorter = 'seconds, shorter is better'
  draw('tar.svg', 'Plain tar', 'MB a second into a pipe, longer is better', tar, row => {
    const speed = row.bytesPerSecond / 1e6
    return barOf(row, speed, `${speed.toFixed(0)} MB/s`)
  })
  draw('tar-xz.svg', '.tar.xz', shorter, tarXz, row => {
    return barOf(row, row.seconds, `${row.seconds.toFixed(1)} s · ${megabytes(row.size, 1)}`)
  })
  draw('rebuild.svg', '.tar.xz, built again', shorter, rebuild, row => {
    return barOf(row, row.seconds, `${row.seconds.toFixed(2)} s`)
  })
  const parts = 'seconds for two parts and all of a closure, by size; beside them the peak of memory'
  draw('growth.svg', 'Growth of nspawn-rootfs', parts, growth, ({ tarSize, seconds, peakBytes }) => ({
    label: `${megabytes(tarSize)} of tar`,
    value: seconds,
    text: `${seconds.toFixed(1)} s, ${megabytes(peakBytes)}`,
    ours: true,
  }))
  if (frontier) charts.set('frontier.svg', frontierChart(frontier))
  return charts
}

function megabytes(bytes: number, digits = 0): string {
  return `${(bytes / 1e6).toFixed(digits)} MB`
}
